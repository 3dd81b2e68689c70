import type { DataSource } from 'typeorm';
import type { Session } from '../session';
import { withIndex } from '../statements';
import { unplanned } from './plan';

/** DataSources of which the last claim found nothing, by what was asked for. */
const idle = { due: new WeakSet<DataSource>(), queue: new WeakSet<DataSource>() };

/** Keeps whether a claim found anything. */
export function noteFound(
  { manager: { connection } }: Session,
  where: keyof typeof idle,
  found: boolean,
): void {
  if (found) idle[where].delete(connection);
  else idle[where].add(connection);
}

/**
 * True where the last claim found nothing: the next one looks first, which takes one statement and no transaction. In a
 * transaction of the caller's, a look could see what was there long ago.
 */
const isIdle = ({ isJoined, manager: { connection } }: Session, where: keyof typeof idle): boolean =>
  !isJoined && idle[where].has(connection);

/** What a claim of due flows will find; where the last one found something, or nobody has asked yet, it may find all. */
export async function lookForDue(
  session: Session,
  now: Date | null,
): Promise<{ due: boolean; unplanned: boolean }> {
  if (!isIdle(session, 'due')) return { due: true, unplanned: true };
  const part = (what: string, hint: string, condition: string): string =>
    `(SELECT '${what}' AS what FROM protection_flows ${hint} WHERE ${condition} LIMIT 1)`;
  const found = await withIndex<{ what: string }>(
    session,
    'idx_flows_due',
    (hint) =>
      `${part('due', hint, `enabled = 1 AND next_execution_time <= ${now === null ? 'CURRENT_TIMESTAMP' : '?'}`)}
       UNION ALL ${part('unplanned', hint, unplanned)}`,
    now === null ? [] : [now],
  );
  const has = (what: string): boolean => found.some((row) => row.what === what);
  return { due: has('due'), unplanned: has('unplanned') };
}

/** Whether a claim of queued runs may find any. */
export async function lookForQueued(session: Session): Promise<boolean> {
  if (!isIdle(session, 'queue')) return true;
  const waiting = await session.select(
    "SELECT 1 FROM protection_flow_executions WHERE status = 'pending' LIMIT 1",
  );
  return waiting.length > 0;
}
