import { settingDefaults } from './connection-settings';
import type { OptionReader } from './option-reader';

/** Where settings come from. */
export type SettingSource = 'file' | 'url' | 'environment' | 'program';

/** One setting: its names in the sources, and its rule. */
interface Setting {
  /**
   * Its name in each source; null if the source cannot give it. In `DATABASE_URL`: a parameter, or in capitals a part of the
   * URL. A file uses the name in this table.
   */
  readonly names: Readonly<Record<Exclude<SettingSource, 'file'>, string | null>>;
  /** Its meaning, for docs/configuration.md. */
  readonly means: string;
  /** Its default, for docs/configuration.md. */
  readonly otherwise: string;
  /** Checks the value; returns undefined if it is not given, or wrong, which adds a fault. */
  readonly rule: (read: OptionReader, at: string, value: unknown) => unknown;
}

type Rule<Value> = (read: OptionReader, at: string, value: unknown) => Value | undefined;

/** A whole number from 1. */
const number =
  (most: number): Rule<number> =>
  (read, at, value) =>
    read.wholeNumber(at, value, { least: 1, most });
const text: Rule<string> = (read, at, value) => read.text(at, value);
const flag: Rule<boolean> = (read, at, value) => read.flag(at, value);

const none = 'none';

/** Every setting of a connection. All four sources are read and checked by this table; docs/configuration.md shows it. */
export const settingsTable = {
  type: {
    names: { url: null, environment: 'DB_TYPE', program: 'declaredType' },
    means: '`mysql` or `mariadb`; leave it out: the server is asked',
    otherwise: none,
    rule: (read, at, value) => read.type(at, value),
  },
  host: {
    names: { url: 'HOST', environment: 'DB_HOST', program: 'host' },
    means: 'name or address, without a port; a cluster: several with commas (URL, environment)',
    otherwise: 'required, or `hosts` or `socketPath`',
    rule: (read, at, value) => read.host(at, value),
  },
  port: {
    names: { url: 'PORT', environment: 'DB_PORT', program: 'port' },
    means: '1 to 65535; for every host that names none',
    otherwise: String(settingDefaults.port),
    rule: number(65_535),
  },
  hosts: {
    names: { url: null, environment: null, program: 'hosts' },
    means: 'the nodes of a cluster, instead of `host`: `["db1", "db2:3307"]`',
    otherwise: none,
    rule: () => undefined,
  },
  replicas: {
    names: { url: 'replicas', environment: 'DB_REPLICAS', program: 'replicas' },
    means: "servers for TypeORM's own reads, like `hosts`; as text `db3,db4:3307`",
    otherwise: none,
    rule: () => undefined,
  },
  socketPath: {
    names: { url: 'socketPath', environment: 'DB_SOCKET', program: 'socketPath' },
    means: "path of the server's socket; only without a host, or with `localhost`",
    otherwise: none,
    rule: text,
  },
  username: {
    names: { url: 'USER', environment: 'DB_USERNAME', program: 'username' },
    means: "the account's name",
    otherwise: 'required',
    rule: text,
  },
  password: {
    names: { url: 'PASSWORD', environment: 'DB_PASSWORD', program: 'password' },
    means: 'the plain text; in the URL percent-encoded',
    otherwise: 'no password',
    rule: (read, at, value) => read.password(at, value),
  },
  passwordFile: {
    names: { url: null, environment: 'DB_PASSWORD_FILE', program: 'passwordFile' },
    means: 'a file that holds the password, instead of the password',
    otherwise: none,
    rule: text,
  },
  database: {
    names: { url: 'DATABASE', environment: 'DB_DATABASE', program: 'database' },
    means: 'at most 64 characters',
    otherwise: 'required',
    rule: (read, at, value) => read.database(at, value),
  },
  poolSize: {
    names: { url: 'poolSize', environment: 'DB_POOL_SIZE', program: 'poolSize' },
    means: 'most connections of one DataSource, 1 to 1000',
    otherwise: String(settingDefaults.poolSize),
    rule: number(1_000),
  },
  connectTimeout: {
    names: { url: 'connectTimeout', environment: null, program: 'connectTimeoutMs' },
    means: 'milliseconds, 1 to 600000',
    otherwise: String(settingDefaults.connectTimeoutMs),
    rule: number(600_000),
  },
  acquireTimeout: {
    names: { url: 'acquireTimeout', environment: null, program: 'acquireTimeoutMs' },
    means: 'milliseconds that a statement waits for a free connection, 1 to 600000',
    otherwise: String(settingDefaults.acquireTimeoutMs),
    rule: number(600_000),
  },
  ssl: {
    names: { url: 'ssl', environment: null, program: 'ssl' },
    means: '`true` or `false`; also an object in the file and in a program',
    otherwise: '`false`',
    rule: flag,
  },
  'ssl.ca': {
    names: { url: 'sslCa', environment: 'DB_SSL_CA', program: 'ssl.ca' },
    means: "PEM of the authorities that sign the server's certificate; turns TLS on",
    otherwise: 'those that Node.js trusts',
    rule: text,
  },
  'ssl.cert': {
    names: { url: null, environment: null, program: 'ssl.cert' },
    means: "PEM of the client's certificate; needs `ssl.key`",
    otherwise: none,
    rule: text,
  },
  'ssl.key': {
    names: { url: null, environment: null, program: 'ssl.key' },
    means: "PEM of the client's private key; needs `ssl.cert`",
    otherwise: none,
    rule: text,
  },
  'ssl.rejectUnauthorized': {
    names: { url: null, environment: null, program: 'ssl.rejectUnauthorized' },
    means: '`false` accepts any certificate: anybody may pretend to be the server',
    otherwise: '`true`',
    rule: flag,
  },
  'ssl.verifyIdentity': {
    names: { url: null, environment: null, program: 'ssl.verifyIdentity' },
    means: 'whether the certificate must name the host',
    otherwise: '`true` without `ssl.ca`, `false` with it',
    rule: flag,
  },
  migrationsRun: {
    names: { url: null, environment: null, program: 'migrationsRun' },
    means: '`true`: `dataSource.initialize()` migrates; the command line ignores it',
    otherwise: `\`${settingDefaults.migrationsRun}\``,
    rule: flag,
  },
  logging: {
    names: { url: null, environment: null, program: 'logging' },
    means: '`true`, `false`, `"all"` or a list, see [the file](#the-file)',
    otherwise: `\`${settingDefaults.logging}\``,
    rule: (read, at, value) => read.logging(at, value),
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting in `ormconfig.json`; `ssl.ca` is `ca` inside of `ssl`. */
export type SettingName = keyof typeof settingsTable;

export const settingNames = Object.keys(settingsTable) as SettingName[];

/** The beginning of every environment variable's name. */
export const variablePrefix = 'DB_';

/** The name of a setting in a source; null if the source cannot give it. */
export function spelling(name: SettingName, source: SettingSource): string | null {
  return source === 'file' ? name : settingsTable[name].names[source];
}

/** Every name that a source may give, with its setting. */
export function wordsOf(source: SettingSource): ReadonlyMap<string, SettingName> {
  const words = new Map<string, SettingName>();
  for (const name of settingNames) {
    const word = spelling(name, source);
    if (word !== null) words.set(word, name);
  }
  return words;
}
