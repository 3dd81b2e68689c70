import { dirname } from 'node:path';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings, HostAddress, SslSettings } from './connection-settings';
import { findJsonFault } from './json-syntax';
import { FaultList } from './option-reader';
import { readText } from './read-file';
import { readSettings, type GivenSettings } from './read-settings';
import { spelling, wordsOf, type SettingName, type SettingSource } from './settings-table';
import { unknownName } from './unknown-names';

/** Options of TypeORM that would empty or rebuild the database. Only `false`, their default, is allowed. */
export const refusedOptions: Readonly<Record<string, string>> = {
  synchronize: "true is refused: it would rebuild the platform's tables; migrate makes the schema",
  dropSchema: "true is refused: it would drop the platform's tables",
};

/** Options of TypeORM that only this package sets: its sessions and its tables depend on them. */
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

const alsoFixed = 'entities migrations subscribers migrationsTransactionMode namingStrategy cli'.split(' ');
const fixed = [...fixedOptions, ...alsoFixed].map((name) => [name, 'is set by this package; leave it out']);

/** Options of TypeORM that are no settings here, each with the reason. */
const misplaced: Readonly<Record<string, string>> = {
  name: 'has no place here: there is one connection',
  replication: 'has no place here; give hosts and replicas',
  extra: 'has no place here; docs/configuration.md lists every option',
  ...Object.fromEntries(fixed),
};

/** Why a file and a program may not give `url`. */
const urlPlaces = {
  file: 'has no place in the file; set the environment variable DATABASE_URL, or give host, username, …',
  program: 'has no place here; give env: { DATABASE_URL: … }, or host, username, …',
} as const;

/** True for an object that is not an array. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The entries of an object, with those inside of `ssl` under names such as `ssl.ca`. */
function flat(content: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(content).flatMap(([name, value]) =>
    name === 'ssl' && isRecord(value)
      ? [['ssl', true] as const, ...Object.entries(value).map(([at, one]) => [`ssl.${at}`, one] as const)]
      : [[name, value] as const],
  );
}

/**
 * Reads the settings of a JSON file or a program, by their names. Adds a fault for each unknown name, and for each option
 * of TypeORM that is refused.
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

/** Adds a fault for an option that may only be false, unless it is false or not given. */
export function judgeRefused(name: string, value: unknown, faults: FaultList): void {
  if (value === true) faults.add('refused', name, refusedOptions[name] ?? '');
  else if (value !== false && value !== null && value !== undefined) {
    faults.invalid(name, 'may only be false');
  }
}

/** The name of a setting in a source, for messages. */
export const labelIn =
  (source: SettingSource): GivenSettings['label'] =>
  (name) =>
    spelling(name, source) ?? name;

/** Reads the settings from a JSON file. The names of files in it are relative to its folder. */
export function settingsFromFile(file: string, cwd: string): ConnectionSettings {
  const read = readText(file, cwd);
  if (!('text' in read)) {
    const { path, reason, cause } = read;
    throw new ProtectionFlowsError('CONFIG_UNREADABLE', {
      message: `the configuration file ${path} cannot be read: ${reason}`,
      remedy:
        'Correct the path, or make the file readable for this user; ormconfig.example.json shows its form.',
      details: { path },
      cause,
    });
  }
  const faults = new FaultList(read.path, 'Correct the file; ormconfig.example.json shows every option.');
  const values = nestedValues(parse(read.text, read.path), 'file', faults);
  const baseDirectory = dirname(read.path);
  const given = { source: read.path, values, textual: false, baseDirectory, label: labelIn('file') };
  return readSettings(given, faults);
}

function parse(text: string, path: string): Readonly<Record<string, unknown>> {
  const fault = findJsonFault(text);
  if (fault !== null) {
    const { line, column, verdict, reason } = fault;
    throw new ProtectionFlowsError('CONFIG_INVALID', {
      message: `${path} ${verdict}: line ${line}, column ${column}: ${reason}`,
      remedy: `Correct line ${line}; ormconfig.example.json shows the form.`,
      details: { source: path, faults: [{ option: null, kind: 'invalid', message: reason, line, column }] },
    });
  }
  const content: unknown = JSON.parse(text);
  if (isRecord(content)) return content;
  throw new ProtectionFlowsError('CONFIG_INVALID', {
    message: `${path} holds ${Array.isArray(content) ? 'a list' : 'a single value'}, but must hold one JSON object`,
    remedy: 'Write { "host": …, "username": …, "database": … }; ormconfig.example.json shows the form.',
    details: { source: path, faults: [] },
  });
}

/** The same settings, each optional: undefined and null mean "not given". */
type Optional<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | null | undefined };

/** How to encrypt, as a program gives it: the contents of the files, not their names. */
export type KnownSsl = Optional<
  Omit<SslSettings, 'ca' | 'cert' | 'key'> & Record<'ca' | 'cert' | 'key', string | Buffer>
>;

/**
 * Settings that a program gives: the user, the database, and a host, several hosts or a socket. The others have the
 * defaults of docs/configuration.md. What `loadConnection` returns is of this kind too.
 */
export interface KnownSettings extends Optional<
  Omit<ConnectionSettings, 'username' | 'database' | 'hosts' | 'replicas' | 'ssl'>
> {
  readonly username: string;
  readonly database: string;
  /** A file that holds the password, instead of `password`; relative to the current folder of the process. */
  readonly passwordFile?: string | null | undefined;
  /** The nodes of a cluster, instead of `host`: `'db1'`, `'db2:3307'` or `{ host, port }`. */
  readonly hosts?: readonly (string | HostAddress)[] | null | undefined;
  readonly replicas?: readonly (string | HostAddress)[] | null | undefined;
  /** True: the certificate must come from a public authority and name the host. */
  readonly ssl?: boolean | KnownSsl | null | undefined;
}

/** An empty list of hosts means the same as no list. */
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Removes a `host` that only repeats the first of `hosts`: `loadConnection` returns both. */
function withoutFirstHost(given: Record<string, unknown>): Record<string, unknown> {
  const [first] = (Array.isArray(given.hosts) ? given.hosts : []) as (Partial<HostAddress> | null)[];
  const isFirst = given.host !== undefined && first?.host === given.host && first?.port === given.port;
  return isFirst ? { ...given, host: undefined } : given;
}

/**
 * Checks the settings of a program by the same rules as those of a file, and fills in the defaults.
 *
 * @param readsFiles whether `passwordFile` is read; false checks the rest without it
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function settingsFromProgram(known: KnownSettings, readsFiles = true): ConnectionSettings {
  const { source = null, ...given }: Readonly<Record<string, unknown>> = isRecord(known) ? { ...known } : {};
  const name = typeof source === 'string' && source !== '' ? source : 'the program';
  const faults = new FaultList(
    name,
    'Correct the settings; docs/configuration.md lists them. To take them from the environment, give { env }.',
  );
  if (!isRecord(known)) faults.invalid('they', 'must be an object, such as loadConnection() answers');
  faults.throwIfAny();
  if (source !== null && typeof source !== 'string') faults.invalid('source', 'must be a text in quotes');
  const filled = Object.entries(given).filter(([, value]) => !isEmptyList(value));
  const values = nestedValues(withoutFirstHost(Object.fromEntries(filled)), 'program', faults);
  const origin = { source: name, values, textual: false, holdsPem: true, baseDirectory: process.cwd() };
  return readSettings({ ...origin, label: labelIn('program'), readsFiles }, faults);
}
