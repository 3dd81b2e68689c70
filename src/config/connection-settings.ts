import { declareArguments, nullable, properties, that } from '../arguments';

/** The kind of server that the configuration declares; the server itself is asked when a connection is opened. */
export type DeclaredType = 'mysql' | 'mariadb';

/** How the connection is encrypted. The texts are PEM, already read from their files. */
export interface SslSettings {
  /** The authorities that may sign the server's certificate; null for those that Node.js trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** False accepts any certificate: the connection is encrypted, but the server is not verified. */
  readonly rejectUnauthorized: boolean;
  /** Whether the certificate must name the host. A certificate that a server made for itself does not. */
  readonly verifyIdentity: boolean;
}

/** One of several servers. */
export interface HostAddress {
  /** A host name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What TypeORM logs. */
export type Logging = boolean | 'all' | readonly LogTopic[];

/** The topics that `logging` may list, as TypeORM names them. */
export const logTopics = ['query', 'error', 'schema', 'warn', 'info', 'log', 'migration'] as const;

/** One topic that TypeORM can log. */
export type LogTopic = (typeof logTopics)[number];

/** Where and how to connect: complete, checked, all files read. It holds the password: never print it. */
export interface ConnectionSettings {
  /** Where the settings were found, for messages: `DATABASE_URL`, `DB_*`, or the file's path. */
  readonly source: string;
  /** Null if the configuration declares none; a URL's scheme declares none. */
  readonly declaredType: DeclaredType | null;
  /** Null if the connection uses a socket. */
  readonly host: string | null;
  readonly port: number;
  /**
   * The nodes of a cluster, in order of preference; empty for a single server. Writes go to one node at a time. `host` and
   * `port` are those of the first.
   */
  readonly hosts: readonly HostAddress[];
  /** Servers for TypeORM's plain reads; if empty, these go to the server that is written to. */
  readonly replicas: readonly HostAddress[];
  readonly socketPath: string | null;
  readonly username: string;
  /** Empty for an account without a password. */
  readonly password: string;
  readonly database: string;
  /** The most connections that one DataSource holds. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** How long a statement waits for a connection while all are in use. */
  readonly acquireTimeoutMs: number;
  /** Null for an unencrypted connection. */
  readonly ssl: SslSettings | null;
  /** Whether a DataSource migrates the schema when it is initialised. */
  readonly migrationsRun: boolean;
  readonly logging: Logging;
}

/** The defaults. User name and database have none, and either a host or a socket must be given. */
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

const mask = '***';

/** Percent-encodes also !'()*, which encodeURIComponent leaves alone and other programs do not. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The forms in which a text may hold a secret, the longest first. */
function formsOf(secret: string): string[] {
  const forms = [secret, JSON.stringify(secret).slice(1, -1)];
  // A lone surrogate has no percent-encoded form
  if (!/\p{Surrogate}/u.test(secret)) {
    const encoded = [encodeURIComponent(secret), encodeStrictly(secret)];
    forms.push(
      ...encoded,
      ...encoded.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (c) => c.toLowerCase())),
    );
  }
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

/** A word so short that longer words may contain it: masking it inside of them would reveal it. */
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
 * Masks the password and the private key of `settings` in a text: plain, as JSON writes them, and percent-encoded. A
 * secret of up to eight letters or digits is masked only where it is a whole word.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; none of their values is in it
 */
export function redact(text: string, settings: Pick<ConnectionSettings, 'password' | 'ssl'>): string {
  const { password, ssl } = readRedact({ text, settings }).settings;
  const secrets = [password, ssl?.key ?? ''].filter((secret) => secret !== '');
  return secrets.flatMap(formsOf).reduce(masked, text);
}
