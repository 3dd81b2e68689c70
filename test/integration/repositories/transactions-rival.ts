import type { Connection } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';
import type { TestDatabase } from '../../support/database';

/** Another session that holds a row, and wants one that ours holds as soon as ours waits for it: a real deadlock. */
export interface Rival {
  /** Begins a transaction that takes the row, and that has done so much that the server sacrifices the other one. */
  hold(sql: string, parameters: unknown[]): Promise<void>;
  /** Waits until the session of that id waits for a lock; then wants what that one holds, and gets it. */
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
