import * as mysql2 from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { openConnection, type OwnConnection } from '../../../src/engine/server/open-connection';
import type { Queryable } from '../../../src/engine/server/queryable';
import { withMigrationLock } from '../../../src/engine/session/lock';
import type { TestDatabase } from '../../support/database';
import { HeldSession } from './held-session';

/** The table of the lease in the replays. */
export const leaseTable = 'sendense_flow_lock';

/** Long enough that only a step of the model lets the lease expire. A sixth of it is the margin. */
export const leaseMs = 300_000;

/** The name of the GET_LOCK lock of a node: each node of the model has its own. */
export const lockOf = (database: TestDatabase, node: number): string => `${database.name}_node${node}`;

/** Describes a run of the model. */
export interface RunOptions {
  readonly database: TestDatabase;
  readonly id: number;
  /** The node that it uses; null if there is only one server. */
  readonly node: number | null;
  /** Holds the row lock that the run's statements wait for. */
  readonly gate: Connection;
  /** Changes each statement before it is sent. */
  readonly rewrite?: (sql: string) => string;
}

/** A run that changes the schema under the migration lock. Each of its statements is held until its step in the model. */
export class LeaseRun {
  readonly held: HeldSession;
  private session: OwnConnection | undefined;
  private isDead = false;

  constructor(private readonly options: RunOptions) {
    this.held = new HeldSession(options.database.session, options.rewrite);
  }

  /** The server's number of its connection; null before the run begins. */
  get connectionId(): number | null {
    return this.session?.threadId() ?? null;
  }

  /** Begins the run. Under the lock it sends this many statements; each lasts until the gate opens. */
  begin(statements: number): void {
    const { database, id, node } = this.options;
    const { host, port, username: user, password } = database.settings;
    const address = {
      connector: mysql2,
      options: { host, port, user, password, database: database.name, timezone: 'Z' },
    };
    const session = openConnection(address);
    this.session = session;
    const lock = {
      session: this.watched(session),
      database: database.name,
      lock: lockOf(database, node ?? 0),
      table: leaseTable,
      open: () => {
        const own = openConnection(address);
        return { ...own, ...this.watched(own), close: () => own.close() };
      },
      holder: `run ${id}`,
      discard: () => undefined,
      leaseMs,
    };
    this.held.begin(() =>
      withMigrationLock(lock, async ({ assertHeld }) => {
        for (let sent = 0; sent < statements; sent += 1) {
          await assertHeld();
          await lock.session.query('UPDATE gates SET passed = passed + 1 WHERE run = ?', [id]);
        }
      }).finally(() => session.close()),
    );
  }

  /** Kills its process, and with it its session on the server. */
  async die(): Promise<void> {
    this.isDead = true;
    const { database } = this.options;
    const id = this.connectionId;
    if (id !== null) await database.session.query(`KILL ${id}`).catch(() => undefined);
    await this.held.over();
  }

  /** Opens the gate for the statement that waits, and closes the gate again. */
  async endStatement(): Promise<void> {
    const { gate } = this.options;
    await gate.query('COMMIT');
    await this.held.settled();
    await gate.query('SELECT run FROM gates WHERE run = ? FOR UPDATE', [this.options.id]);
  }

  /** Holds the statements. A dead process sends none, and each node says that it belongs to a group. */
  private watched(connection: OwnConnection): Queryable {
    const { node } = this.options;
    return {
      query: (sql, parameters) =>
        this.held.around(sql, parameters ?? [], async (sent) => {
          if (this.isDead) throw new Error('the process is dead');
          const answer = await connection.query(sent, parameters);
          this.held.connectionId = this.connectionId ?? 0;
          if (node === null || !sql.startsWith('SHOW GLOBAL VARIABLES')) return answer;
          return [
            { Variable_name: 'hostname', Value: `node${node}` },
            { Variable_name: 'group_replication_group_name', Value: 'group' },
          ];
        }),
    };
  }
}
