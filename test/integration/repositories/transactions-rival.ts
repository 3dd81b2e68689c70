import type { Connection } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';
import type { TestDatabase } from '../../support/database';

/** Another session that makes a real deadlock: it holds a row, and once our session waits for it, wants a row of ours. */
export interface Rival {
  /** Begins a transaction that locks the row. It writes so many rows that the server aborts the other transaction. */
  hold(sql: string, parameters: unknown[]): Promise<void>;
  /** Waits until the session of that id waits for a lock, then locks a row of that session: the server aborts that session. */
  collide(id: number, sql: string, parameters: unknown[]): Promise<void>;
  /** Waits until the session of that id waits for a lock. */
  untilWaiting(id: number): Promise<void>;
  rollback(): Promise<void>;
}

/** Connects another session to the database. */
export async function connectRival(database: TestDatabase): Promise<Rival> {
  const connection: Connection = await database.connect();
  const untilWaiting = async (id: number): Promise<void> => {
    await waitFor(() => waitsForRow(database.session, id));
  };
  return {
    async hold(sql, parameters) {
      await connection.query('START TRANSACTION');
      const rows = Array.from({ length: 200 }, () => [
        uuidv7(),
        `Heavy ${uuidv7()}`,
        'replication',
        'vm',
        'v',
        'ossea',
      ]);
      await connection.query(
        'INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type) VALUES ?',
        [rows],
      );
      await connection.query(sql, parameters);
    },
    async collide(id, sql, parameters) {
      await untilWaiting(id);
      await connection.query(sql, parameters);
    },
    untilWaiting,
    async rollback() {
      await connection.query('ROLLBACK');
    },
  };
}
