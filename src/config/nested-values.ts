import type { FaultList } from './option-reader';
import type { GivenSettings } from './setting-reader';
import { spelling, wordsOf, type SettingName, type SettingSource } from './settings-table';
import { unknownName } from './unknown-names';

/** Options of TypeORM that would empty or rebuild the database. `false` is what happens anyway. */
export const refusedOptions: Readonly<Record<string, string>> = {
  synchronize: "true is refused: it would rebuild the platform's tables; migrate makes the schema",
  dropSchema: "true is refused: it would drop the platform's tables",
};

const fixed = 'is set by this package; leave it out';

/** Options of TypeORM that this package sets, so that its sessions and its tables are what they have to be. */
export const fixedOptions = [
  'migrationsTableName',
  'metadataTableName',
  'entityPrefix',
  'charset',
  'timezone',
  'driver',
  'multipleStatements',
  'supportBigNumbers',
  'bigNumberStrings',
  'dateStrings',
] as const;

/** Options of TypeORM that are known and have no place among the settings, with the reason. */
const misplaced: Readonly<Record<string, string>> = {
  name: 'has no place here: there is one connection',
  replication: 'has no place here; give hosts and replicas',
  extra: 'has no place here; the options above it are all there are',
  ...Object.fromEntries(
    [
      ...fixedOptions,
      'entities',
      'migrations',
      'subscribers',
      'migrationsTransactionMode',
      'namingStrategy',
      'cli',
    ].map((name) => [name, fixed]),
  ),
};

/** How the url of a connection is given where there are single settings. */
const urlPlaces = {
  file: 'has no place in the file; set the environment variable DATABASE_URL, or give host, username, …',
  program: 'has no place here; give env: { DATABASE_URL: … }, or host, username, …',
} as const;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The options inside of `ssl`, by the names that a source without an object for it would give them. */
function flat(content: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(content).flatMap(([name, value]) =>
    name === 'ssl' && isRecord(value)
      ? [['ssl', true] as const, ...Object.entries(value).map(([at, one]) => [`ssl.${at}`, one] as const)]
      : [[name, value] as const],
  );
}

/**
 * The settings of a source whose values are JSON or a program's, by their names; with a fault for each name that means
 * nothing there, and for each option of TypeORM that is refused.
 */
export function nestedValues(
  content: Readonly<Record<string, unknown>>,
  source: Extract<SettingSource, 'file' | 'program'>,
  faults: FaultList,
): GivenSettings['values'] {
  const words = wordsOf(source);
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, value] of flat(content)) {
    const setting = words.get(name);
    if (Object.hasOwn(content, name) && name.includes('.')) {
      faults.add('unknown', name, 'is not known; write an object: ssl: { ca: … }');
    } else if (setting !== undefined) values[setting] = value;
    else if (Object.hasOwn(refusedOptions, name)) judgeRefused(name, value, faults);
    else if (name === 'url') faults.add('unknown', name, urlPlaces[source]);
    else if (Object.hasOwn(misplaced, name)) faults.add('unknown', name, misplaced[name] ?? '');
    else faults.add('unknown', name, unknownName(name, source));
  }
  return values;
}

/** Tells of an option that may only be false. */
export function judgeRefused(name: string, value: unknown, faults: FaultList): void {
  if (value === true) faults.add('refused', name, refusedOptions[name] ?? '');
  else if (value !== false && value !== null && value !== undefined) {
    faults.add('invalid', name, 'may only be false');
  }
}

/** What a source with names calls a setting, for messages. */
export const labelIn =
  (source: SettingSource): GivenSettings['label'] =>
  (name) =>
    spelling(name, source) ?? name;
