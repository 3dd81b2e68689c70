import { createConnection, type Connection } from 'mysql2/promise';
import { quoteName, select, type Queryable } from '../../../src/engine/server/queryable';
import { connectionUrl, type ServerAddress } from '../../../src/testing/connection-url';
import { platformPresets, type PlatformPresetName } from '../../../src/testing/platform-tables';
import { createThrowAwayDatabase, sessionOf } from '../../../src/testing/throw-away-database';
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

  private constructor(
    private readonly name: string,
    private server: ServerAddress,
    private readonly platform: PlatformPresetName,
  ) {}

  static async open(server: ServerAddress, platform: PlatformPresetName): Promise<Ground> {
    const { name } = await createThrowAwayDatabase(server, platformPresets[platform].database);
    const ground = new Ground(name, server, platform);
    await ground.connect();
    return ground;
  }

  /** Makes another database with the same tables and rows, in less time than it took to come to them. */
  async copy(): Promise<Ground> {
    const copy = await Ground.open(this.server, this.platform);
    const { session } = copy;
    // As many rows come before those that they refer to, and a table that was made by hand may hold any date
    await session.query("SET SESSION foreign_key_checks = 0, sql_mode = ''");
    for (const row of await select(session, `SHOW TABLES FROM ${quoteName(this.name)}`)) {
      const table = quoteName(String(Object.values(row)[0]));
      const original = `${quoteName(this.name)}.${table}`;
      const [found] = await select(session, `SHOW CREATE TABLE ${original}`);
      await session.query(String(found?.['Create Table']));
      await session.query(`INSERT INTO ${table} SELECT * FROM ${original}`);
    }
    await copy.connect();
    return copy;
  }

  get url(): string {
    return connectionUrl(this.server, this.name);
  }

  get session(): Queryable {
    if (this.connection === null) throw new Error('the database has no connection');
    return sessionOf(this.connection);
  }

  /** Opens a connection in place of the one there was, which may be broken. */
  async connect(): Promise<void> {
    this.connection?.destroy();
    const { host, port, username: user, password } = this.server;
    this.connection = await createConnection({
      ...{ host, port, user, password, database: this.name },
      timezone: 'Z',
    });
    // Without a listener, a server that goes away would end the test process
    this.connection.on('error', () => undefined);
    await this.connection.query(`SET time_zone = '+00:00'`);
  }

  /** Goes on at another node of its cluster. */
  async moveTo(node: ServerAddress): Promise<void> {
    this.server = node;
    await this.connect();
    // What the node it left has committed is seen
    await this.session.query('SET SESSION wsrep_sync_wait = 15');
  }

  /** A statement as it reads in every database, and whatever time a migration took. */
  anonymous(sql: string): string {
    return sql
      .replaceAll(this.name, 'database')
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

  /** Closes its connection; the database stays. */
  close(): void {
    this.connection?.destroy();
    this.connection = null;
  }

  async drop(): Promise<void> {
    await this.session.query(`DROP DATABASE ${quoteName(this.name)}`);
    this.close();
  }
}
