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

/** What is always refused, and what to do instead. */
const refusals = {
  option: (option: string) =>
    new ProtectionFlowsError('OPTION_REFUSED', {
      message: `the option ${option} is refused: it would change or drop tables without a migration`,
      remedy: `Remove ${option} from the options and run protection-flows migrate.`,
      details: { option },
    }),
  synchronize: () =>
    new ProtectionFlowsError('SYNCHRONIZE_REFUSED', {
      message: 'synchronize is refused: it would drop columns and keys that it does not know, also of others',
      remedy: 'Run protection-flows migrate, or typeorm migration:run.',
    }),
  drop: () =>
    new ProtectionFlowsError('DROP_REFUSED', {
      message: "dropping the database's tables is refused: most of them belong to the platform",
      remedy: 'To remove the tables of this package, run protection-flows rollback --all.',
    }),
  fake: () =>
    new ProtectionFlowsError('FAKE_REFUSED', {
      message: '--fake is refused: it would record, or forget, migrations that were never executed',
      remedy:
        'Run the migrations for real. Tables that were made by hand are taken over by protection-flows adopt, which records what it has seen to be there.',
    }),
};

/** Where to connect to. */
export interface Connection {
  readonly options: MysqlOptions;
  /** The kind of server that the configuration declares, if it does. */
  readonly declaredType: Flavour | null;
}

/** What is the same for every data source of this package, wherever it connects to. */
export type FixedOptions = Pick<MysqlOptions, 'entities' | 'subscribers'>;

/** What may hold a password or a private key reaches TypeORM by the driver, and nobody's console. */
function withoutSecrets(options: object): Partial<DataSourceOptions> {
  const secret = new Set(['password', 'ssl', 'extra', 'url', 'replication']);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !secret.has(name)));
}

/**
 * A runner whose statements fail with errors of this package: a CHECK that refuses a row is the same
 * VALIDATION_FAILED as the validator's, a lost connection is CONNECTION_LOST. Errors without a meaning of ours stay
 * TypeORM's QueryFailedError.
 */
function translateErrors(runner: QueryRunner): QueryRunner {
  const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
  const fail = (error: unknown): never => {
    throw translated(error);
  };
  // Not async: one function more that awaits would be paid for by every statement
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
    // So that it does not come back to the pool
    const { databaseConnection } = runner as QueryRunner & { databaseConnection?: { destroy(): void } };
    databaseConnection?.destroy();
  },
});

/** The runners on which the engine works: of all data sources, as a Proxy of one has no private fields. */
const engineRunners = new WeakSet<QueryRunner>();

/**
 * The logger, which is not told what the server refuses to {@link engineRunners}. The engine asks in statements what a server can do
 * (an ALTER online, before one that copies; a row that a CHECK refuses), and throws what matters.
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
      // A logger with private fields works as itself alone
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * The DataSource of this package: TypeORM's, guarded. Constructing it neither connects nor reads anything; the
 * connection's options are asked for in {@link initialize}, where the server is asked what it is and TypeORM's
 * driver type is set to match: with the wrong one, every generated migration would drop and add columns.
 *
 * `runMigrations` and `undoLastMigration`, whoever calls them, go through {@link migrate} and {@link rollback}.
 * `synchronize`, `dropDatabase` and `fake` are refused: they would drop tables of others, or record what never ran.
 */
export class ProtectionFlowsDataSource extends DataSource implements Database {
  /** What the engine works on: this package's tables. */
  readonly subject = subject;
  /** Options that `setOptions` set before `initialize`: they win over the configured ones, as for any DataSource. */
  readonly #overrides: Partial<DataSourceOptions> = {};
  private detected: Server | undefined;
  private initializing: Promise<this> | undefined;
  private isStarting = false;

  /**
   * @param connection gives the options of the connection, when it is needed; throws where there is none. It is told
   * what was set by `setOptions`, and puts it into them
   * @param fixed entities and subscribers
   */
  constructor(
    private readonly connection: (overrides: Partial<DataSourceOptions>) => Connection | Promise<Connection>,
    private readonly fixed: FixedOptions,
  ) {
    // A stand-in: without a driver module TypeORM would load mysql2 at import. 0.3 wants it to be not empty, and named
    super({ type: 'mysql', driver: { standIn: true }, ...({ connectorPackage: 'mysql2' } as object) });
  }

  /** The server at the other end. Known once initialized. */
  get server(): Server {
    if (this.detected === undefined)
      throw new Error('The data source is not initialized: await initialize() first.');
    return this.detected;
  }

  /** The name of the database it works on. Known once initialized. */
  get database(): string {
    return this.driver.database ?? '';
  }

  override setOptions(options: Partial<DataSourceOptions>): this {
    Object.assign(this.#overrides, options);
    return super.setOptions(withoutSecrets(options));
  }

  /**
   * Connects. Several callers at once share one attempt; after it, `isInitialized` is true.
   *
   * @throws ProtectionFlowsError CONFIG_*, HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING,
   * SERVER_UNSUPPORTED, SESSION_UNFIT, OPTION_REFUSED; with `migrationsRun`, whatever `runMigrations` throws but KEYS_REFUSED
   */
  override initialize(): Promise<this> {
    this.initializing ??= this.openOnce().finally(() => (this.initializing = undefined));
    return this.initializing;
  }

  /** TypeORM 0.3 has a `connect` of its own. */
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

  /** A session of the pool, at the server that takes writes. */
  openSession(): Session {
    const runner = this.createQueryRunner('master');
    engineRunners.add(runner);
    return sessionOf(runner);
  }

  /** A connection outside the pool. */
  openConnection(options?: OwnConnectionOptions): OwnConnection {
    return openConnection(addressOf(this.options as MysqlOptions), options);
  }

  /**
   * Runs the pending migrations through {@link migrate}, whatever transaction mode is asked for.
   *
   * A key that can't be added is a warning where `initialize()` calls this (`migrationsRun`), and an error for anyone
   * else; in both cases everything else was done.
   *
   * @throws ProtectionFlowsError FAKE_REFUSED; PREFLIGHT_FAILED with the findings where nothing could be done;
   * KEYS_REFUSED with the findings where all but some keys was done
   */
  override async runMigrations(options?: { fake?: boolean | undefined }): Promise<Migration[]> {
    if (options?.fake) throw refusals.fake();
    return runPending(this, this.isStarting);
  }

  /**
   * Undoes the newest migration through {@link rollback}; rows are thrown away only with
   * PROTECTION_FLOWS_DISCARD_ROWS=1 in the environment.
   *
   * @throws ProtectionFlowsError FAKE_REFUSED, and what {@link rollback} throws
   */
  override async undoLastMigration(options?: { fake?: boolean | undefined }): Promise<void> {
    if (options?.fake) throw refusals.fake();
    if (!(await undoNewest(this)))
      this.logger.logSchemaBuild('No migrations were found in the database. Nothing to revert!');
  }

  /** Logs each migration as TypeORM does; true where one is pending. Unlike TypeORM's, it creates no table. */
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
