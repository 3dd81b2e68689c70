import { setTimeout as delay } from 'node:timers/promises';
import { ProtectionFlowsError } from '../../errors';
import type { ForeignKey, Schema, Table } from '../shape';
import type { StepContext } from '../step';
import { findOrphans, sampleOrphans, type Orphans } from './find-orphans';

const pauseMs = 50;
const defaultPatienceMs = 60_000;

/**
 * Counts a key's orphans once the key stands, and is right for good.
 *
 * From then on the server checks every statement of the others, but not what a transaction did before and has not
 * committed yet. MySQL waits for such transactions when it adds the key, of the parent's too; MariaDB waits only for
 * the child's (tried on 10.11 and 11.8): a parent that was deleted just before is still there for a reader, and gone
 * later, with nothing left to check it. So this looks twice: at what is there with the changes of open transactions
 * (READ UNCOMMITTED), and at what is there without them. A row with a parent in both has one for good; one without in
 * both is an orphan; in between, it is a matter of a transaction's end, which is waited for.
 *
 * @throws ProtectionFlowsError TABLE_BUSY where such a transaction does not end, INTERRUPTED
 */
export async function findSettledOrphans(
  context: StepContext,
  table: Table,
  key: ForeignKey,
  live: Schema,
): Promise<Orphans> {
  const { session } = context;
  const patienceMs = context.tableWaitMs ?? defaultPatienceMs;
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    await session.query('SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
    const uncommitted = await sampleOrphans(session, table, key, live);
    const committed = await sampleOrphans(session, table, key, live);
    if (uncommitted.length === 0 && committed.length === 0) return { values: 0, rows: 0, sample: [] };
    if (committed.some((value) => uncommitted.includes(value))) {
      const orphans = await findOrphans(session, table, key, live);
      if (orphans.rows > 0) return orphans;
    }
    await context.goOn?.();
    const [value = ''] = [...uncommitted, ...committed];
    if (Date.now() > deadline) {
      throw new ProtectionFlowsError('TABLE_BUSY', {
        message: `whether ${key.parentTable} ${value} is there depends on a transaction that has been open for ${patienceMs / 1000} s`,
        remedy: 'Find it in SHOW FULL PROCESSLIST, let it end or KILL it, and migrate again.',
        details: { table: key.parentTable, key: key.name, value, patienceMs },
      });
    }
    if (attempt === 1)
      context.onProgress?.(`wait for a transaction that writes ${key.parentTable} ('${value}')`);
    await delay(pauseMs);
  }
}
