import { select, type Queryable } from '../../src/engine/server/queryable';
import { sharedServer } from './shared-server';

/**
 * MySQL may name the holder's thread as the waiting one (seen on 9.7, when the holder's UPDATE moved the row). So this takes the
 * thread of the table lock that the waiting transaction holds: it is always its own.
 */
async function inMysql(session: Queryable): Promise<number[]> {
  const rows = await select<{ id: number }>(
    session,
    `SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.data_lock_waits w
       JOIN performance_schema.data_locks l
         ON l.ENGINE_TRANSACTION_ID = w.REQUESTING_ENGINE_TRANSACTION_ID AND l.LOCK_TYPE = 'TABLE'
       JOIN performance_schema.threads t ON t.THREAD_ID = l.THREAD_ID`,
  );
  return rows.map(({ id }) => Number(id));
}

/** INNODB_TRX would be easier to read, but it answers from a cache while it is read again and again. */
async function inMariadb(session: Queryable): Promise<number[]> {
  const [row] = await select<{ Status: string }>(session, 'SHOW ENGINE INNODB STATUS');
  // Before the transactions the status describes the latest deadlock
  const [, transactions = ''] = (row?.Status ?? '').split('LIST OF TRANSACTIONS FOR EACH SESSION');
  const waiting = transactions.split('---TRANSACTION').filter((text) => text.includes('LOCK WAIT'));
  return waiting.map((text) => Number(/thread id (\d+)/.exec(text)?.[1] ?? 0));
}

/** Returns the ids of the connections that wait for a row that another connection has locked. */
export async function connectionsInLockWait(session: Queryable): Promise<Set<number>> {
  const find = sharedServer().flavour === 'mysql' ? inMysql : inMariadb;
  return new Set(await find(session));
}

/** Tells whether the connection waits for a row that another one has locked. */
export async function waitsForRow(session: Queryable, connectionId: number): Promise<boolean> {
  return (await connectionsInLockWait(session)).has(connectionId);
}
