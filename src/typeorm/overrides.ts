import type * as Mysql2 from 'mysql2';
import type { DataSourceOptions } from 'typeorm';
import { notKnown } from '../arguments';
import type { ConnectionSettings } from '../config';
import { FaultList, isAbsent, OptionReader } from '../config/option-reader';
import { fixedOptions, isRecord, judgeRefused, refusedOptions } from '../config/from-objects';
import { settingsTable, type SettingName } from '../config/settings-table';
import { resemblance } from '../config/unknown-names';
import { loadMysql2, secretsOf, sslOptions, hide, type Secrets } from '../driver/connector';
import { optionsWith, type MysqlOptions } from './data-source-options';

/** Settings with the same name in TypeORM's options. */
const settings = [
  'host',
  'port',
  'socketPath',
  'username',
  'password',
  'database',
  'poolSize',
  'connectTimeout',
  'acquireTimeout',
  'migrationsRun',
  'logging',
] as const satisfies readonly SettingName[];

const required: ReadonlySet<string> = new Set(['host', 'username', 'database']);

/** Options of mysql2 that TypeORM's `extra` may hold. Options that would change the result of a statement are left out. */
const extraNames = [
  'ssl',
  'connectionLimit',
  'connectTimeout',
  'waitForConnections',
  'queueLimit',
  'maxIdle',
  'idleTimeout',
  'enableKeepAlive',
  'keepAliveInitialDelay',
  'connectAttributes',
  'localAddress',
  'compress',
  'stream',
  'insecureAuth',
  'authPlugins',
  'authSwitchHandler',
  'enableCleartextPlugin',
  'disableEval',
  'maxPreparedStatements',
  'gracefulEnd',
] as const;

/** TypeORM's own option names, which other programs use for connection settings too. */
const ofTypeOrm: ReadonlySet<string> = new Set(['name', 'type', 'ssl', 'extra', 'cache', ...settings]);

/** Known options that `setOptions` does not accept, with the reason. */
const misplaced: Readonly<Record<string, string>> = {
  migrations:
    "can't be set: this DataSource runs only the migrations of this package. Give yours to a DataSource of your own; docs/migrations.md shows how",
  url: "can't be set here; set host, username, …, or DATABASE_URL in the environment",
  replication: "can't be set here; give replicas in the configuration",
};

type Values = Readonly<Record<string, unknown>>;

/** Checks the options that a program has set, and collects their faults. */
class Overrides {
  readonly faults = new FaultList(
    'dataSource.setOptions',
    'Correct the options; docs/configuration.md says what each may be.',
  );
  private readonly read = new OptionReader(this.faults, false);

  constructor(private readonly given: Values) {}

  /** The options without `extra` and `ssl`. A setting that is null or undefined keeps its configured value. */
  plain(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.given)) {
      if (value === undefined || name === 'extra' || name === 'ssl') continue;
      const sentence = this.misplaced(name);
      if (sentence !== null) {
        this.faults.add('unknown', name, sentence);
        continue;
      }
      if (Object.hasOwn(refusedOptions, name)) judgeRefused(name, value, this.faults);
      const setting = settings.find((one) => one === name);
      if (setting === undefined) result[name] = value;
      else if (value === null && required.has(name)) this.faults.add('missing', name, 'is missing');
      else if (value !== null) result[name] = settingsTable[setting].rule(this.read, name, value);
    }
    const { host, socketPath } = result;
    if (!isAbsent(host) && !isAbsent(socketPath) && host !== 'localhost') {
      this.faults.invalid('socketPath', 'and host are both given; leave one out');
    }
    return result;
  }

  /** Splits `extra`: `own` holds the settings that have an option of their own, `extra` the others. */
  extra(): { readonly extra: Values; readonly own: Values } {
    const { extra } = this.given;
    if (isAbsent(extra)) return { extra: {}, own: {} };
    if (!isRecord(extra)) {
      this.faults.invalid('extra', "must be an object with options of mysql2's");
      return { extra: {}, own: {} };
    }
    const { ssl, connectionLimit: poolSize, connectTimeout, ...others } = extra as Record<string, unknown>;
    for (const name of Object.keys(others)) {
      if ((extraNames as readonly string[]).includes(name)) continue;
      const own = [...settings, ...fixedOptions].find(
        (one) => one === name || (one === 'username' && name === 'user'),
      );
      const sentence =
        own === undefined ? notKnown(name, extraNames) : `can't be set here; set the option ${own}`;
      this.faults.add('unknown', `extra.${name}`, sentence);
    }
    const own = { ssl, poolSize, connectTimeout };
    for (const [name, value] of Object.entries(own)) {
      if (isAbsent(value)) continue;
      const at = name === 'poolSize' ? 'extra.connectionLimit' : `extra.${name}`;
      if (!isAbsent(this.given[name])) this.faults.invalid(at, `and ${name} are both given; leave one out`);
      if (name !== 'ssl') settingsTable[name as 'poolSize'].rule(this.read, at, value);
    }
    return { extra: others, own: defined(own) };
  }

  /** mysql2's options for TLS, the name of a profile of mysql2, or false for no TLS; undefined if `ssl` is not given. */
  ssl(value: unknown): Mysql2.SslOptions | string | false | undefined {
    if (isAbsent(value)) return undefined;
    if (value === false) return false;
    if (value === true) {
      return sslOptions({ ca: null, cert: null, key: null, rejectUnauthorized: true, verifyIdentity: true });
    }
    if (isRecord(value)) return this.sslObject(value);
    if (typeof value === 'string' && isProfile(value)) return value;
    this.faults.invalid('ssl', "must be true, false, an object or the name of one of mysql2's profiles");
    return undefined;
  }

  private sslObject(value: Values): Mysql2.SslOptions {
    for (const name of ['rejectUnauthorized', 'verifyIdentity']) this.read.flag(`ssl.${name}`, value[name]);
    if (value.rejectUnauthorized === false && value.verifyIdentity === true) {
      this.faults.invalid(
        'ssl.verifyIdentity',
        'is true, but with ssl.rejectUnauthorized false nothing is verified; leave one out',
      );
    }
    return { ...value };
  }

  /** Why an option can't be set here; null if it can. */
  private misplaced(name: string): string | null {
    if ((fixedOptions as readonly string[]).includes(name)) return 'is set by this package; leave it out';
    if (Object.hasOwn(misplaced, name)) return misplaced[name]!;
    return ofTypeOrm.has(name) ? null : (resemblance(name, 'program')?.sentence ?? null);
  }
}

/** Asks mysql2: a new pool reads its options at once, and does not connect. */
function isProfile(name: string): boolean {
  try {
    loadMysql2().createPool({ ssl: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the options of a connection. Options that a program has set with `dataSource.setOptions` override the settings.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID or OPTION_REFUSED for options that are invalid, that would be ignored, or
 * that would make some sessions differ from the others; all faults at once
 */
export function withOverrides(
  settings: ConnectionSettings,
  overrides: Partial<DataSourceOptions>,
): MysqlOptions {
  const given = new Overrides(overrides as unknown as Values);
  const { password, ...plain } = given.plain();
  const { extra, own } = given.extra();
  const { ssl: ownSsl, ...numbers } = own;
  const ssl = given.ssl((overrides as Values).ssl ?? ownSsl);
  given.faults.throwIfAny();

  const configured = secretsOf(settings);
  const secrets: Secrets = {
    password: (password as string | undefined) ?? configured.password,
    ssl: ssl === false ? undefined : (ssl ?? configured.ssl),
  };
  const options = optionsWith(settings, secrets);
  const { socketPath, ...where } = options;
  const { host, port, username, database } = plain;
  const account = defined({ username, database });
  const replication = options.replication && {
    ...options.replication,
    master: { ...options.replication.master, ...account, ...defined({ host, port }) },
    slaves: options.replication.slaves.map((slave) => ({ ...slave, ...account })),
  };
  const result = {
    ...where,
    // A host set by the program replaces a configured socket
    ...defined({ socketPath: host === undefined ? socketPath : undefined, replication }),
    ...plain,
    ...numbers,
    // Given even if empty: otherwise TypeORM would keep the `extra` of an earlier setOptions
    extra,
  } as MysqlOptions;
  return hide(result, secrets);
}

/** Returns the values without those that are null or undefined. */
const defined = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => !isAbsent(value)));
