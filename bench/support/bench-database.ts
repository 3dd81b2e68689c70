import { createConnection, type Connection } from 'mysql2/promise';
import { createDataSource } from '../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../src';
import { installGuards, migrate } from '../../src/engine/migrate';
import type { Flavour } from '../../src/engine/server/server';
import {
  createPlatformTables,
  createThrowAwayDatabase,
  platformPresets,
  startPrivateServer,
  type PrivateServer,
  type ServerWish,
} from '../../src/testing';
import { fillExecutions, fillFlows } from './rows';

/** A server with default durability, unlike the private servers of tests, and enough memory. */
const serverSettings = {
  both: ['--innodb-flush-method=O_DIRECT', '--innodb-buffer-pool-size=4G'],
  mariadb: ['--skip-debug-no-sync', '--innodb-log-file-size=4G'],
  mysql: ['--innodb-redo-log-capacity=4G'],
};

async function onDataSource<Result>(
  url: string,
  work: (dataSource: ProtectionFlowsDataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** A server's name in reports. */
export const labelOf = ({ flavour, version }: Pick<PrivateServer, 'flavour' | 'version'>): string =>
  `${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${version}`;

/** A server with the migrated tables, filled up to one measured size after the other. */
export class BenchDatabase {
  private filled = 0;

  private constructor(
    private readonly server: PrivateServer,
    readonly url: string,
    /** A session of the benchmark itself. */
    readonly session: Connection,
  ) {}

  static async start(wish: ServerWish): Promise<BenchDatabase> {
    const flavour = wish.flavour ?? 'mariadb';
    const server = await startPrivateServer({
      ...wish,
      serverArguments: [...serverSettings.both, ...serverSettings[flavour]],
    });
    try {
      return await BenchDatabase.on(server);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  private static async on(server: PrivateServer): Promise<BenchDatabase> {
    const { url } = await createThrowAwayDatabase(server, platformPresets.general_ci.database);
    await onDataSource(url, async (dataSource) => {
      await createPlatformTables(dataSource, 'general_ci', undefined, 'newer');
      await migrate(dataSource);
    });
    const session = await createConnection(url);
    await session.query("SET SESSION time_zone = '+00:00', foreign_key_checks = 0");
    await fillFlows(session);
    return new BenchDatabase(server, url, session);
  }

  /** Another database on the same server, without executions. */
  beside(): Promise<BenchDatabase> {
    return BenchDatabase.on(this.server);
  }

  /** Installs the guards. */
  async guard(): Promise<void> {
    const { ok, state } = await onDataSource(this.url, installGuards);
    if (!ok) throw new Error(`the guards are ${state}`);
  }

  get flavour(): Flavour {
    return this.server.flavour;
  }

  get label(): string {
    return labelOf(this.server);
  }

  /** Fills the table of executions up to a number of rows. */
  async growTo(rows: number): Promise<void> {
    await this.inBulk(() => fillExecutions(this.session, this.filled, rows));
    this.filled = Math.max(rows, this.filled);
  }

  /**
   * Prepares a window: fresh statistics, and both tables' pages on disk, so that no window pays for the writes of the one
   * before.
   */
  async settle(): Promise<void> {
    await this.session.query('ANALYZE TABLE protection_flows, protection_flow_executions');
    await this.session.query('FLUSH TABLES protection_flows, protection_flow_executions FOR EXPORT');
    await this.session.query('UNLOCK TABLES');
  }

  /** Does work with many writes, without waiting for the disk at each commit. */
  async inBulk(work: () => Promise<void>): Promise<void> {
    await this.session.query('SET GLOBAL innodb_flush_log_at_trx_commit = 0');
    await work();
    await this.session.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
  }

  async stop(): Promise<void> {
    this.session.destroy();
    await this.server.stop();
  }
}
