import {
  type Asked,
  count,
  declareArguments,
  id,
  longText,
  name,
  nullable,
  optional,
  options,
} from '../../arguments';
import type { Optional } from '../../domain';
import { validationFailed } from '../../errors';
import { pausesTable } from '../../statistics/meaning';
import { lockFlow, marks, whereKept, withIndex } from '../statements';
import { instant, limitOf } from '../input';
import { historyIndex } from '../pages';
import type { Session } from '../session';

/** A flow that is paused: `until` null, until it is resumed; `by` null, by failures in a row. */
export interface Pause {
  readonly flowId: string;
  readonly pausedAt: Date;
  readonly until: Date | null;
  readonly note: string | null;
  readonly by: string | null;
}

/** How to pause a flow: until when (default: until it is resumed), why, and who does (default: `system`). */
export type PauseOptions = Optional<{ until: Date | null; note: string | null; by: string }>;

const inForceAt = (now: string): string =>
  `p.paused_at IS NOT NULL AND (p.until_at IS NULL OR p.until_at > ${now})`;
const inForce = inForceAt('CURRENT_TIMESTAMP');

/** Selects with a further condition, which leaves paused flows out; before the migration that makes their table, with none. */
export async function withoutPaused<Row>(
  flowId: string,
  select: (condition: string) => Promise<Row[]>,
): Promise<Row[]> {
  const isPaused = `SELECT 1 FROM ${pausesTable} p WHERE p.flow_id = ${flowId} AND ${inForce}`;
  return (await whereKept(select(`AND NOT EXISTS (${isPaused})`))) ?? select('');
}

const readLimit = declareArguments('listPaused', { options: options({ limit: limitOf(10_000, 1_000) }) });

/** The pauses in force, in the order of the flows' ids; none before the migration that makes their table. */
export async function selectPauses(session: Session, given: Asked<typeof readLimit>): Promise<Pause[]> {
  const rows = session.select<Pause>(
    `SELECT p.flow_id AS flowId, p.paused_at AS pausedAt, p.until_at AS until, p.note, p.paused_by AS \`by\`
       FROM ${pausesTable} p
      WHERE ${inForce} ORDER BY p.flow_id LIMIT ?`,
    [readLimit(given).options.limit],
  );
  return (await whereKept(rows)) ?? [];
}

/** Of these flows, whose rows are locked, those that are paused at that instant. */
export async function readPaused(session: Session, ids: readonly string[], now: Date): Promise<Set<string>> {
  const rows = session.select<{ flow_id: string }>(
    `SELECT p.flow_id FROM ${pausesTable} p WHERE p.flow_id IN (${marks(ids)}) AND ${inForceAt('?')} ${session.currentRead}`,
    [...ids, now],
  );
  return new Set((await whereKept(rows))?.map(({ flow_id }) => flow_id));
}

/** Writes columns of a flow's row. Whoever claims the flow does so before, or sees what is written: its row is locked. */
const writeRow = (session: Session, id: string, columns: (now: Date) => object): Promise<void> =>
  session.transaction(async (own) => {
    const flow = await lockFlow(own, id);
    const row = Object.entries({ flow_id: flow.id, ...columns(flow.at) });
    const names = row.map(([column]) => column);
    await own.write(
      `INSERT INTO ${pausesTable} (${names.join(', ')}) VALUES (${marks(names)})
         ON DUPLICATE KEY UPDATE ${names.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
      row.map(([, value]) => value as unknown),
    );
  });

const pausing = declareArguments('pause', {
  id,
  options: options({
    until: optional(nullable(instant), null),
    note: optional(nullable(longText), null),
    by: optional(name, 'system'),
  }),
});

/** Pauses a flow; one that is paused, from now on in this way. */
export function pauseFlow(session: Session, given: Asked<typeof pausing>): Promise<void> {
  const { id, options } = pausing(given);
  const { until: until_at, note, by: paused_by } = options;
  return writeRow(session, id, (now) => {
    if (until_at !== null && until_at <= now) {
      const constraints = {
        isAhead: "until must be later than the server's time, which is " + now.toISOString(),
      };
      throw validationFailed('pause', [{ field: 'until', constraints }]);
    }
    return { paused_at: now, until_at, note, paused_by };
  });
}

const limiting = declareArguments('pauseAfterFailures', {
  id,
  failures: nullable(count({ min: 1, max: 100 })),
});

/** Says how many failures in a row pause a flow; null: none do. */
export function limitFailures(session: Session, given: Asked<typeof limiting>): Promise<void> {
  const { id, failures } = limiting(given);
  return writeRow(session, id, () => ({ failure_limit: failures }));
}

/** Ends a flow's pause; false where it is not paused. */
export const resumeFlow = (session: Session, id: string): Promise<boolean> =>
  session.transaction(async (own) => {
    const flow = await lockFlow(own, id);
    const sql = `UPDATE ${pausesTable} p SET p.paused_at = NULL WHERE p.flow_id = ? AND ${inForce}`;
    return (await own.write(sql, [flow.id])) > 0;
  });

/** `counted_from`: the run that paused the flow last; failures are counted anew after it. */
type Policy = { flow_id: string; failure_limit: number; counted_from: string | null };

/** Pauses the flow of a run that has failed, in the transaction that ends it, where as many in a row have as may. */
export async function pauseFailing(session: Session, runId: string): Promise<void> {
  const [policy] = await session.select<Policy>(
    `SELECT p.flow_id, p.failure_limit, p.counted_from FROM protection_flow_executions e
       JOIN ${pausesTable} p ON p.flow_id = e.flow_id
      WHERE e.id = ? AND p.failure_limit IS NOT NULL AND NOT (${inForce}) ${session.currentRead}`,
    [runId],
  );
  if (policy === undefined) return;
  const { flow_id, failure_limit: limit, counted_from } = policy;
  // By the history: by its status MySQL reads and sorts all runs of the flow
  const runs = await withIndex<{ id: string; status: string }>(
    session,
    historyIndex,
    (hint) =>
      `SELECT e.id, e.status FROM protection_flow_executions e ${hint}
        WHERE e.flow_id = ? AND e.status IN ('success', 'warning', 'error')
        ORDER BY e.created_at DESC, e.id DESC LIMIT ? ${session.currentRead}`,
    [flow_id, limit],
  );
  if (runs.length < limit || runs.some(({ id, status }) => status !== 'error' || id === counted_from)) return;
  await session.write(
    `UPDATE ${pausesTable} SET paused_at = CURRENT_TIMESTAMP, until_at = NULL, paused_by = NULL, note = ?, counted_from = ?
      WHERE flow_id = ?`,
    [`${limit} runs in a row have failed`, runId, flow_id],
  );
}
