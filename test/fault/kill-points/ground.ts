import { createConnection, type Connection } from 'mysql2/promise';
import { select, type Queryable } from '../../../src/schema/queryable';
import type { ServerAddress } from '../../../src/testing/connection-url';
import { platformPresets, type PlatformPresetName } from '../../../src/testing/platform-tables';
import {
  createThrowAwayDatabase,
  sessionOf,
  type ThrowAwayDatabase,
} from '../../../src/testing/throw-away-database';
import { catalogDump } from '../../support/catalog-dump';

/** What is in a database, but for rows. */
export interface State {
  /** Every table, so a stray one too; without those in which the migrator keeps its own accounts. */
  readonly catalog: unknown;
  /** The names of the migrations that the history records, oldest first. */
  readonly history: readonly string[];
}

/** A database in which one run dies; it outlives its server's restart. */
export class Ground {
  private connection: Connection | null = null;

  private constructor(private readonly database: ThrowAwayDatabase) {}

  static async open(server: ServerAddress, platform: PlatformPresetName): Promise<Ground> {
    const ground = new Ground(await createThrowAwayDatabase(server, platformPresets[platform].database));
    await ground.connect();
    return ground;
  }

  get url(): string {
    return this.database.url;
  }

  get session(): Queryable {
    if (this.connection === null) throw new Error('the database has no connection');
    return sessionOf(this.connection);
  }

  /** Opens a connection in place of the one there was, which may be broken. */
  async connect(): Promise<void> {
    this.connection?.destroy();
    const { username: user, ...where } = this.database.settings;
    this.connection = await createConnection({ ...where, user, timezone: 'Z' });
    // Without a listener, a server that goes away would end the test process
    this.connection.on('error', () => undefined);
    await this.connection.query(`SET time_zone = '+00:00'`);
  }

  /** A statement as it reads in every database, and whatever time a migration took. */
  anonymous(sql: string): string {
    return sql
      .replaceAll(this.database.name, 'database')
      .replace(/(?<=^INSERT INTO sendense_flow_migrations .*), \d+\)/, ', duration)');
  }

  async state(): Promise<State> {
    const { session } = this;
    const found = await select(session, "SHOW TABLES LIKE 'sendense_flow_migrations'");
    const rows =
      found.length > 0 ? await select(session, 'SELECT name FROM sendense_flow_migrations ORDER BY id') : [];
    return {
      catalog: await catalogDump(session, /^sendense_flow_(migrations|lock)$/),
      history: rows.map(({ name }) => String(name)),
    };
  }

  async drop(): Promise<void> {
    this.connection?.destroy();
    this.connection = null;
    await this.database.drop();
  }
}
