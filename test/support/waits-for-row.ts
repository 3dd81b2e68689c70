import { select, type Queryable } from '../../src/engine/server/queryable';

/**
 * True where the connection waits for a row that another holds. INNODB_TRX would be easier to ask, but answers from a
 * cache for as long as it is asked again and again.
 */
export async function waitsForRow(session: Queryable, connectionId: number): Promise<boolean> {
  const [row] = await select<{ Status: string }>(session, 'SHOW ENGINE INNODB STATUS');
  // Before the transactions it tells of the latest deadlock
  const [, transactions = ''] = (row?.Status ?? '').split('LIST OF TRANSACTIONS FOR EACH SESSION');
  return transactions
    .split('---TRANSACTION')
    .some((text) => text.includes('LOCK WAIT') && text.includes(`thread id ${connectionId},`));
}
