import { select, type Queryable } from '../../../src/engine/server/queryable';

/** Asks a server which of its connections wait for a row that another one holds. */
export async function connectionsInLockWait(session: Queryable): Promise<Set<number>> {
  // As waits-for-row.ts says: INNODB_TRX answers from a cache for as long as it is asked again and again
  const [row] = await select<{ Status: string }>(session, 'SHOW ENGINE INNODB STATUS');
  const [, transactions = ''] = (row?.Status ?? '').split('LIST OF TRANSACTIONS FOR EACH SESSION');
  const waiting = transactions.split('---TRANSACTION').filter((text) => text.includes('LOCK WAIT'));
  return new Set(waiting.map((text) => Number(/thread id (\d+)/.exec(text)?.[1] ?? 0)));
}
