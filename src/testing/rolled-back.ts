import type { DataSource, EntityManager } from 'typeorm';
import { callback, declareArguments } from '../arguments';
import { connected } from './arguments';

const read = declareArguments('rolledBack', { dataSource: connected, work: callback() });

/**
 * Runs `work` in a transaction that is always rolled back, for tests that share a database. DDL inside commits
 * on these servers, so leave it out.
 *
 * @returns what `work` returns
 * @throws what `work` throws; ProtectionFlowsError VALIDATION_FAILED for arguments that are none
 */
export async function rolledBack<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  read({ dataSource, work });
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction();
    const result = await work(runner.manager);
    await runner.rollbackTransaction();
    return result;
  } catch (error) {
    // The error of the work says more than that of a rollback on a lost connection
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
