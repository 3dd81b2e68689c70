import { settingDefaults, type ConnectionSettings, type SslSettings } from './connection-settings';
import type { FaultList } from './faults';
import { findNearName } from './near-name';
import { isAbsent, OptionReader } from './option-values';
import { readHosts } from './read-hosts';
import { readText } from './read-file';

/** The options of a configuration, by the names that they have in ormconfig.json. */
export const optionNames = [
  'type',
  'host',
  'port',
  'hosts',
  'replicas',
  'socketPath',
  'username',
  'password',
  'passwordFile',
  'database',
  'poolSize',
  'connectTimeout',
  'ssl',
  'migrationsRun',
  'logging',
] as const;

export type OptionName = (typeof optionNames)[number];

/** The options inside `ssl`. */
export const sslOptionNames = ['ca', 'cert', 'key', 'rejectUnauthorized', 'verifyIdentity'] as const;

type SslOptionName = (typeof sslOptionNames)[number];

/** What one source gives, unchecked. */
export interface GivenOptions {
  readonly source: string;
  readonly values: Readonly<Partial<Record<OptionName, unknown>>>;
  /** What the source calls an option, for messages. */
  readonly label: (option: OptionName | `ssl.${SslOptionName}`) => string;
  /** True where every value is a text, as in the environment and in a URL. */
  readonly textual: boolean;
  /** What the names of files are relative to. */
  readonly baseDirectory: string;
}

/** Bounds of the numbers. */
const bounds = {
  port: { least: 1, most: 65_535 },
  poolSize: { least: 1, most: 1_000 },
  connectTimeout: { least: 1, most: 600_000 },
} as const;

/**
 * Checks what a source gives, reads the files that it names and fills in the defaults.
 *
 * @param faults - receives every fault, together with those that the source itself found
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function readSettings(given: GivenOptions, faults: FaultList): ConnectionSettings {
  const { values, label } = given;
  const read = new OptionReader(faults, given.textual);
  const number = (option: keyof typeof bounds): number | undefined =>
    read.wholeNumber(label(option), values[option], bounds[option]);

  const port = number('port') ?? settingDefaults.port;
  const where = readHosts(given, read, faults, port);
  const username = required(values.username, label('username'), faults, (value, name) =>
    read.text(name, value),
  );
  const database = required(values.database, label('database'), faults, (value, name) =>
    read.text(name, value, 64),
  );
  const settings = {
    source: given.source,
    declaredType: read.type(label('type'), values.type) ?? settingDefaults.declaredType,
    ...where,
    username: username ?? '',
    password: readPassword(given, read, faults) ?? settingDefaults.password,
    database: database ?? '',
    poolSize: number('poolSize') ?? settingDefaults.poolSize,
    connectTimeoutMs: number('connectTimeout') ?? settingDefaults.connectTimeoutMs,
    ssl: readSsl(given, read, faults),
    migrationsRun: read.flag(label('migrationsRun'), values.migrationsRun) ?? settingDefaults.migrationsRun,
    logging: read.logging(label('logging'), values.logging) ?? settingDefaults.logging,
  };
  faults.throwIfAny();
  return settings;
}

function required<Value>(
  value: unknown,
  name: string,
  faults: FaultList,
  read: (value: unknown, name: string) => Value,
): Value | undefined {
  if (!isAbsent(value)) return read(value, name);
  faults.add('missing', name, 'is missing');
  return undefined;
}

function readPassword(given: GivenOptions, read: OptionReader, faults: FaultList): string | undefined {
  const { values, label } = given;
  const password = read.password(label('password'), values.password);
  const file = read.text(label('passwordFile'), values.passwordFile);
  if (file === undefined) return password;
  if (!isAbsent(values.password)) {
    faults.add('invalid', label('passwordFile'), `and ${label('password')} are both given; leave one out`);
    return undefined;
  }
  const text = fileText(file, label('passwordFile'), given, faults);
  if (text === undefined) return undefined;
  const fromFile = text.replace(/\r?\n$/, '');
  if (fromFile === '') faults.add('invalid', label('passwordFile'), 'names an empty file');
  return fromFile;
}

function readSsl(given: GivenOptions, read: OptionReader, faults: FaultList): SslSettings | null {
  const { ssl } = given.values;
  const label = given.label('ssl');
  if (ssl === undefined || ssl === null) return null;
  if (typeof ssl !== 'object' || Array.isArray(ssl)) {
    const wanted = read.flag(label, ssl);
    return wanted === true ? sslWith({}) : null;
  }
  const values = ssl as Partial<Record<SslOptionName, unknown>>;
  for (const name of Object.keys(ssl)) {
    if ((sslOptionNames as readonly string[]).includes(name)) continue;
    faults.add('unknown', `${label}.${name}`, unknownOption(name, sslOptionNames));
  }
  const pem = (name: 'ca' | 'cert' | 'key'): string | undefined => {
    const option = given.label(`ssl.${name}`);
    const file = read.text(option, values[name]);
    if (file === undefined) return undefined;
    const text = fileText(file, option, given, faults);
    if (text !== undefined && !text.includes('-----BEGIN ')) {
      faults.add('invalid', option, 'names a file that is not PEM: it has no BEGIN line');
    }
    return text;
  };
  if (isAbsent(values.cert) !== isAbsent(values.key)) {
    faults.add(
      'invalid',
      label,
      'has cert without key, or key without cert; a client certificate needs both',
    );
  }
  return sslWith({
    ca: pem('ca'),
    cert: pem('cert'),
    key: pem('key'),
    rejectUnauthorized: read.flag(given.label('ssl.rejectUnauthorized'), values.rejectUnauthorized),
    verifyIdentity: read.flag(given.label('ssl.verifyIdentity'), values.verifyIdentity),
  });
}

/** A certificate of any public authority proves nothing without the host's name; one of your own authority does. */
function sslWith(given: { [Name in keyof SslSettings]?: SslSettings[Name] | undefined }): SslSettings {
  const rejectUnauthorized = given.rejectUnauthorized ?? true;
  return {
    ca: given.ca ?? null,
    cert: given.cert ?? null,
    key: given.key ?? null,
    rejectUnauthorized,
    verifyIdentity: given.verifyIdentity ?? (rejectUnauthorized && given.ca === undefined),
  };
}

function fileText(file: string, option: string, given: GivenOptions, faults: FaultList): string | undefined {
  const result = readText(file, given.baseDirectory);
  if ('text' in result) return result.text;
  faults.add('unreadable', option, `names ${result.path}, which cannot be read: ${result.reason}`);
  return undefined;
}

/** The end of a sentence that an unknown option's name begins. */
export function unknownOption(name: string, known: readonly string[]): string {
  const near = findNearName(name, known);
  return near === null
    ? `is not known; known are ${known.join(', ')}`
    : `is not known; did you mean ${near}?`;
}
