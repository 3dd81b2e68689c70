import { declareArguments, nullable, properties, that } from '../arguments';

/** What the configuration says the server is; the server itself is asked when a connection is opened. */
export type DeclaredType = 'mysql' | 'mariadb';

/** How the connection is encrypted. Files are read already: the texts are PEM. */
export interface SslSettings {
  /** The authorities that may have signed the server's certificate; null for those that Node.js trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** False accepts any certificate: encrypted, but to whom is not known. */
  readonly rejectUnauthorized: boolean;
  /** Whether the certificate must name the host. Servers make certificates for themselves that do not. */
  readonly verifyIdentity: boolean;
}

/** One of several servers. */
export interface HostAddress {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What TypeORM writes to its log. */
export type Logging = boolean | 'all' | readonly LogTopic[];

/** The topics that `logging` may list, as TypeORM names them. */
export const logTopics = ['query', 'error', 'schema', 'warn', 'info', 'log', 'migration'] as const;

/** What may be logged. */
export type LogTopic = (typeof logTopics)[number];

/** Where and how to connect: complete, checked, files read. It holds the password: never print it. */
export interface ConnectionSettings {
  /** Where the settings were found, for messages: `DATABASE_URL`, `DB_*`, or the file's path. */
  readonly source: string;
  /** Null where the configuration says nothing; a URL's scheme says nothing. */
  readonly declaredType: DeclaredType | null;
  /** Null where the connection goes through a socket. */
  readonly host: string | null;
  readonly port: number;
  /**
   * The nodes of a cluster, in order of preference, where there are several: one of them is written to at a time, and
   * `host` and `port` are those of the first. Empty for a single server.
   */
  readonly hosts: readonly HostAddress[];
  /** Servers that TypeORM's plain reads may go to; empty where all goes to the one that is written to. */
  readonly replicas: readonly HostAddress[];
  readonly socketPath: string | null;
  readonly username: string;
  /** Empty for an account without a password. */
  readonly password: string;
  readonly database: string;
  /** The most connections that one DataSource holds. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** How long a statement waits for a free connection where all of them are in use. */
  readonly acquireTimeoutMs: number;
  /** Null for an unencrypted connection. */
  readonly ssl: SslSettings | null;
  /** Whether a DataSource brings the schema up to date when it is initialised. */
  readonly migrationsRun: boolean;
  readonly logging: Logging;
}

/** What holds where a configuration is silent. Host, user name and database have no default. */
export const settingDefaults = {
  declaredType: null,
  host: null,
  port: 3306,
  hosts: [],
  replicas: [],
  socketPath: null,
  password: '',
  poolSize: 10,
  connectTimeoutMs: 10_000,
  acquireTimeoutMs: 60_000,
  ssl: null,
  migrationsRun: false,
  logging: false,
} as const satisfies Partial<ConnectionSettings>;

/** The settings that have no default. */
export type RequiredSetting = Exclude<keyof ConnectionSettings, keyof typeof settingDefaults>;

/** Settings made by a program rather than read from a configuration: the given ones, defaults for the others. */
export function connectionSettings(
  given: Pick<ConnectionSettings, RequiredSetting> & Partial<ConnectionSettings>,
): ConnectionSettings {
  return { ...settingDefaults, ...given };
}

const mask = '***';

/** Percent-encoding as people and programs write it: encodeURIComponent leaves !'()* alone, others do not. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function formsOf(secret: string): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  // A lone surrogate has no percent-encoded form.
  if (!/\p{Surrogate}/u.test(secret)) {
    const encoded = [encodeURIComponent(secret), encodeStrictly(secret)];
    forms.push(
      ...encoded,
      ...encoded.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (c) => c.toLowerCase())),
    );
  }
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** A word as short as this may be part of others: masking it there would spell it out. */
const shortWord = /^[\p{L}\p{N}]{1,8}$/u;

function masked(text: string, form: string): string {
  if (!shortWord.test(form)) return text.replaceAll(form, mask);
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${form}(?![\\p{L}\\p{N}])`, 'gu'), mask);
}

const aText = that<string>('isString', (value) => typeof value === 'string', 'must be a text');

const readRedact = declareArguments('redact', {
  text: aText,
  settings: properties({ password: aText, ssl: nullable(properties({ key: nullable(aText) })) }),
});

/**
 * `text` without the password of `settings`, as it is, as JSON writes it and percent-encoded. The private key of a
 * client certificate goes the same way. A word of up to eight letters goes only where it stands alone.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; none of their values is in it
 */
export function redact(text: string, settings: Pick<ConnectionSettings, 'password' | 'ssl'>): string {
  const { password, ssl } = readRedact({ text, settings }).settings;
  const secrets = [password, ssl?.key ?? ''].filter((secret) => secret !== '');
  return secrets.flatMap(formsOf).reduce(masked, text);
}
