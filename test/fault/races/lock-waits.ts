import { select, type Queryable } from '../../../src/engine/server/queryable';
import { sharedServer } from '../../support/shared-server';

async function inMysqlsSchema(session: Queryable): Promise<number[]> {
  const rows = await select<{ id: number }>(
    session,
    `SELECT DISTINCT t.PROCESSLIST_ID AS id FROM performance_schema.data_lock_waits w
       JOIN performance_schema.threads t ON t.THREAD_ID = w.REQUESTING_THREAD_ID`,
  );
  return rows.map(({ id }) => Number(id));
}

async function inStatus(session: Queryable): Promise<number[]> {
  // As waits-for-row.ts says: INNODB_TRX answers from a cache for as long as it is asked again and again
  const [row] = await select<{ Status: string }>(session, 'SHOW ENGINE INNODB STATUS');
  const [, transactions = ''] = (row?.Status ?? '').split('LIST OF TRANSACTIONS FOR EACH SESSION');
  const waiting = transactions.split('---TRANSACTION').filter((text) => text.includes('LOCK WAIT'));
  return waiting.map((text) => Number(/thread id (\d+)/.exec(text)?.[1] ?? 0));
}

/** Asks the tests' server which of its connections wait for a row that another one holds. */
export async function connectionsInLockWait(session: Queryable): Promise<Set<number>> {
  const waiting = await inStatus(session);
  // Of MySQL neither lists all: an INSERT that waits for the row that its key refers to is not in the status (tried)
  return new Set(
    sharedServer().flavour === 'mysql' ? [...waiting, ...(await inMysqlsSchema(session))] : waiting,
  );
}
