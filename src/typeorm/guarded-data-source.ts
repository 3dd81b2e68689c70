import {
  DataSource,
  type DataSourceOptions,
  type Logger,
  type Migration,
  type QueryRunner,
  type ReplicationMode,
} from 'typeorm';
import { historyTable, migrations, subject } from '../migrations';
import {
  openConnection,
  type OwnConnection,
  type OwnConnectionOptions,
} from '../engine/server/open-connection';
import { withSession, type Database, type Session } from '../engine/session/database';
import type { Flavour, Server } from '../engine/server/server';
import { readHistory } from '../engine/history/history';
import type { MysqlOptions } from './data-source-options';
import { addressOf, probeServer, warnOfWrongType } from './probe-server';
import { runPending, undoNewest } from './run-pending';
import { ProtectionFlowsError } from '../errors';
import { translated } from '../validation/server-errors';

export type { MysqlOptions };

/** The errors for calls and options that are always refused. */
const refusals = {
  option: (option: string) =>
    new ProtectionFlowsError('OPTION_REFUSED', {
      message: `the option ${option} is refused: it would change or drop tables without a migration`,
      remedy: `Remove ${option} from the options and run protection-flows migrate.`,
      details: { option },
    }),
  synchronize: () =>
    new ProtectionFlowsError('SYNCHRONIZE_REFUSED', {
      message:
        'synchronize is refused: it would drop columns and keys that it does not know, also in tables of the platform',
      remedy: 'Run protection-flows migrate, or typeorm migration:run.',
    }),
  drop: () =>
    new ProtectionFlowsError('DROP_REFUSED', {
      message: "dropping the database's tables is refused: most of them belong to the platform",
      remedy: 'To remove the tables of this package, run protection-flows rollback --all.',
    }),
  fake: () =>
    new ProtectionFlowsError('FAKE_REFUSED', {
      message: '--fake is refused: it would record or remove migrations without executing them',
      remedy:
        'Run the migrations without --fake. To take over tables that were made by hand, run protection-flows adopt, which records only what it finds there.',
    }),
};

/** The options of a connection. */
export interface Connection {
  readonly options: MysqlOptions;
  /** The kind of server that the configuration declares; null if it declares none. */
  readonly declaredType: Flavour | null;
}

/** The options that are the same for every data source of this package. */
export type FixedOptions = Pick<MysqlOptions, 'entities' | 'subscribers'>;

/** Removes options that may hold a password or a private key: the driver has them, and nothing prints them. */
function withoutSecrets(options: object): Partial<DataSourceOptions> {
  const secret = new Set(['password', 'ssl', 'extra', 'url', 'replication']);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !secret.has(name)));
}

/**
 * Makes a runner's statements fail with errors of this package. A row that a CHECK refuses gives the validator's
 * VALIDATION_FAILED, a lost connection CONNECTION_LOST. Other errors stay TypeORM's QueryFailedError.
 */
function translateErrors(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
  const fail = (error: unknown): never => {
    throw translated(error);
  };
  // Not async: every statement would pay for one more await
  runner.query = ((...parameters: unknown[]) => query(...parameters).catch(fail)) as QueryRunner['query'];
  return runner;
}

const sessionOf = (runner: QueryRunner): Session => ({
  query: (sql, parameters) => runner.query(sql, parameters),
  get isTransactionActive() {
    return runner.isTransactionActive;
  },
  release: () => runner.release(),
  discard() {
    // Destroyed, the connection does not return to the pool
    const { databaseConnection } = runner as QueryRunner & { databaseConnection?: { destroy(): void } };
    databaseConnection?.destroy();
  },
});

/** The engine's runners, of all data sources. Not a private field: a Proxy of a data source would have none. */
const engineRunners = new WeakSet<QueryRunner>();

/**
 * Wraps a logger so that it does not log failed statements of {@link engineRunners}. The engine executes statements to
 * see whether the server refuses them (an online ALTER, a row against a CHECK), and throws every error that matters.
 */
function quietly(logger: Logger): Logger {
  const logQueryError: Logger['logQueryError'] = (error, query, parameters, runner) => {
    if (runner === undefined || !engineRunners.has(runner))
      logger.logQueryError(error, query, parameters, runner);
  };
  return new Proxy(logger, {
    get(target, name) {
      if (name === 'logQueryError') return logQueryError;
      const value: unknown = Reflect.get(target, name);
      // Bound to the logger itself: a Proxy has no private fields
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * The guarded DataSource of this package. Its constructor neither connects nor reads anything. {@link initialize} reads
 * the connection's options, asks the server for its flavour and sets TypeORM's driver type to match: with the wrong
 * type, every generated migration would drop and add columns.
 *
 * `runMigrations` and `undoLastMigration` always go through {@link migrate} and {@link rollback}. `synchronize`,
 * `dropDatabase` and `fake` are refused: they would drop the platform's tables, or record migrations that never ran.
 */
export class ProtectionFlowsDataSource extends DataSource implements Database {
  /** This package's tables, for the engine. */
  readonly subject = subject;
  /** Options that `setOptions` set before `initialize`. They override the configured ones, as for any DataSource. */
  readonly #overrides: Partial<DataSourceOptions> = {};
  private detected: Server | undefined;
  private initializing: Promise<this> | undefined;
  private isStarting = false;

  /**
   * @param connection called by `initialize` with the options that `setOptions` set; returns them merged with the
   * configured ones, or throws if there is no configuration
   * @param fixed entities and subscribers
   */
  constructor(
    private readonly connection: (overrides: Partial<DataSourceOptions>) => Connection | Promise<Connection>,
    private readonly fixed: FixedOptions,
  ) {
    // A stand-in: without a driver TypeORM would load mysql2 at import. TypeORM 0.3 requires it to be non-empty and named
    super({ type: 'mysql', driver: { standIn: true }, ...({ connectorPackage: 'mysql2' } as object) });
  }

  /** The server. Known once initialized. */
  get server(): Server {
    if (this.detected === undefined)
      throw new Error('The data source is not initialized: await initialize() first.');
    return this.detected;
  }

  /** The name of the database. Known once initialized. */
  get database(): string {
    return this.driver.database ?? '';
  }

  override setOptions(options: Partial<DataSourceOptions>): this {
    Object.assign(this.#overrides, options);
    return super.setOptions(withoutSecrets(options));
  }

  /**
   * Connects. Concurrent callers share one attempt. Afterwards `isInitialized` is true.
   *
   * @throws ProtectionFlowsError CONFIG_*, HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING,
   * SERVER_UNSUPPORTED, SESSION_UNFIT, OPTION_REFUSED; with `migrationsRun`, errors of `runMigrations` but KEYS_REFUSED
   */
  override initialize(): Promise<this> {
    this.initializing ??= this.openOnce().finally(() => (this.initializing = undefined));
    return this.initializing;
  }

  /** Not named `connect`: TypeORM 0.3 has such a method. */
  private async openOnce(): Promise<this> {
    if (this.isInitialized) return super.initialize();
    const { options, declaredType } = await this.connection(this.#overrides);
    if (options.synchronize || options.dropSchema)
      throw refusals.option(options.synchronize ? 'synchronize' : 'dropSchema');
    this.detected = await probeServer(options);
    warnOfWrongType(declaredType, this.detected);
    super.setOptions({
      ...this.fixed,
      migrations: [...migrations],
      migrationsTableName: historyTable,
      ...options,
      type: this.detected.flavour,
    } as Partial<DataSourceOptions>);
    this.logger = quietly(this.logger);
    const Driver = this.driver.constructor as new (dataSource: DataSource) => DataSource['driver'];
    this.driver = new Driver(this);
    this.isStarting = true;
    try {
      return await super.initialize();
    } catch (error) {
      throw translated(error);
    } finally {
      this.isStarting = false;
    }
  }

  override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    const runner = translateErrors(super.createQueryRunner(mode));
    runner.clearDatabase = () => Promise.reject(refusals.drop());
    return runner;
  }

  /** Opens a session of the pool, on the server that accepts writes. */
  openSession(): Session {
    const runner = this.createQueryRunner('master');
    engineRunners.add(runner);
    return sessionOf(runner);
  }

  /** Opens a connection outside the pool. */
  openConnection(options?: OwnConnectionOptions): OwnConnection {
    return openConnection(addressOf(this.options as MysqlOptions), options);
  }

  /**
   * Runs the pending migrations through {@link migrate}. Ignores the transaction mode.
   *
   * If a key can't be added, everything else is still done. Within `initialize()` (`migrationsRun`) the key is a warning,
   * for any other caller an error.
   *
   * @throws ProtectionFlowsError FAKE_REFUSED; PREFLIGHT_FAILED with the findings if nothing could be done;
   * KEYS_REFUSED with the findings if everything but some keys was done
   */
  override async runMigrations(options?: { fake?: boolean | undefined }): Promise<Migration[]> {
    if (options?.fake) throw refusals.fake();
    return runPending(this, this.isStarting);
  }

  /**
   * Undoes the newest migration through {@link rollback}. Discards rows only if the environment has
   * PROTECTION_FLOWS_DISCARD_ROWS=1.
   *
   * @throws ProtectionFlowsError FAKE_REFUSED, and what {@link rollback} throws
   */
  override async undoLastMigration(options?: { fake?: boolean | undefined }): Promise<void> {
    if (options?.fake) throw refusals.fake();
    if (!(await undoNewest(this)))
      this.logger.logSchemaBuild('No migrations were found in the database. Nothing to revert!');
  }

  /** Logs each migration as TypeORM does, and returns whether one is pending. Unlike TypeORM's, it creates no table. */
  override async showMigrations(): Promise<boolean> {
    const history = (await withSession(this, (session) => readHistory(session, historyTable))) ?? [];
    const pending = this.migrations.filter(({ name = '' }) => {
      const entry = history.find((one) => one.name === name && !one.reverting);
      this.logger.logSchemaBuild(entry ? `[X] ${entry.id} ${name}` : `[ ] ${name}`);
      return entry === undefined;
    });
    return pending.length > 0;
  }

  /** Always refused: SYNCHRONIZE_REFUSED. */
  override synchronize(): Promise<void> {
    return Promise.reject(refusals.synchronize());
  }

  /** Always refused: DROP_REFUSED. */
  override dropDatabase(): Promise<void> {
    return Promise.reject(refusals.drop());
  }
}
