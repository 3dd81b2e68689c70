import { createConnection, type Connection } from 'mysql2/promise';
import { quoteName, select, type Queryable } from '../../../src/engine/server/queryable';
import { connectionUrl, type ServerAddress } from '../../../src/testing/connection-url';
import { platformPresets, type PlatformPresetName } from '../../../src/testing/platform-tables';
import { createThrowAwayDatabase, sessionOf } from '../../../src/testing/throw-away-database';
import { readCreation } from '../../support/read-creation';
import { definitionsIn, makeTheSame, snapshot, type Definitions } from './snapshot';

/** The contents of a database, without rows. */
export interface State {
  /** Every table, also an unexpected one, without the migrator's own tables. */
  readonly tables: Definitions;
  /** The names of the migrations that the history records, oldest first. */
  readonly history: readonly string[];
}

/** A database in which one run dies. It remains usable after a restart of its server. */
export class Ground {
  private connection: Connection | null = null;

  private constructor(
    private readonly name: string,
    private server: ServerAddress,
    private readonly platform: PlatformPresetName,
    /** Unused databases, for the next copies. */
    private readonly spare: Ground[],
  ) {}

  static async open(
    server: ServerAddress,
    platform: PlatformPresetName,
    spare: Ground[] = [],
  ): Promise<Ground> {
    const { name } = await createThrowAwayDatabase(server, platformPresets[platform].database);
    const ground = new Ground(name, server, platform, spare);
    await ground.connect();
    return ground;
  }

  /** Makes another database with the same tables and rows, faster than by running the commands again. */
  async copy(): Promise<Ground> {
    const copy = this.spare.pop() ?? (await Ground.open(this.server, this.platform, this.spare));
    copy.server = this.server;
    await copy.connect();
    const { session } = copy;
    // Rows may come before the rows that they refer to, and hand-made tables may contain any date
    await session.query("SET SESSION foreign_key_checks = 0, sql_mode = ''");
    const [wanted, found] = [await readCreation(session, this.name), await readCreation(session, copy.name)];
    // Runs write no rows into the platform's tables, so a table with the right definition can stay
    const isKept = (name: string): boolean =>
      !/^(protection_flow|sendense_flow)/.test(name) && makeTheSame(found.get(name), wanted.get(name));
    for (const name of found.keys()) if (!isKept(name)) await session.query(`DROP TABLE ${quoteName(name)}`);
    for (const [name, sql] of wanted) {
      if (isKept(name)) continue;
      await session.query(sql);
      const [table, original] = [quoteName(name), `${quoteName(this.name)}.${quoteName(name)}`];
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

  /** Replaces the connection, which may be broken. */
  async connect(): Promise<void> {
    this.connection?.destroy();
    const { host, port, username: user, password } = this.server;
    this.connection = await createConnection({
      ...{ host, port, user, password, database: this.name },
      timezone: 'Z',
    });
    // Without a listener, a server that goes away would end the test process
    this.connection.on('error', () => undefined);
    // In a cluster the session sees what other nodes have committed. For MySQL, which lacks the variable, this is a comment
    await this.connection.query(`SET /*M! SESSION wsrep_sync_wait = 15, */ time_zone = '+00:00'`);
  }

  /** Connects to another node of its cluster. */
  async moveTo(node: ServerAddress): Promise<void> {
    this.server = node;
    await this.connect();
  }

  /** Replaces the database's name, and a migration's duration, in a statement, to compare it with other runs. */
  anonymous(sql: string): string {
    return sql
      .replaceAll(this.name, 'database')
      .replace(/(?<=^INSERT INTO sendense_flow_migrations .*', )\d+(?=, ')/, 'duration');
  }

  async state(): Promise<State> {
    const { session } = this;
    const creation = await readCreation(session, this.name);
    const rows = creation.has('sendense_flow_migrations')
      ? await select(session, 'SELECT name FROM sendense_flow_migrations ORDER BY id')
      : [];
    return {
      tables: definitionsIn(creation, /^sendense_flow_(migrations|lock)$/),
      history: rows.map(({ name }) => String(name)),
    };
  }

  /** A hash of all that a later run can find in it; `data` is the server's data directory. */
  snapshot(data: string): Promise<string> {
    return snapshot(this.session, this.name, data);
  }

  /** Closes the connection, and keeps the database. */
  close(): void {
    this.connection?.destroy();
    this.connection = null;
  }

  /** Frees the database for the next copy. */
  giveBack(): void {
    this.close();
    this.spare.push(this);
  }

  async drop(): Promise<void> {
    await this.session.query(`DROP DATABASE ${quoteName(this.name)}`);
    this.close();
  }
}
