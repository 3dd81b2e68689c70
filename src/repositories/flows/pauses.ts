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
import { lockFlow, marks, ifMigrated, withIndex } from '../statements';
import { instant, limitOf } from '../input';
import { historyIndex } from '../pages';
import type { Session } from '../session';

/** A paused flow. `until` null: until somebody resumes it. `by` null: failures in a row paused it. */
export interface Pause {
  readonly flowId: string;
  readonly pausedAt: Date;
  readonly until: Date | null;
  readonly note: string | null;
  readonly by: string | null;
}

/** How to pause a flow: until when (default: until somebody resumes it), why, and who pauses it (default: `system`). */
export type PauseOptions = Optional<{ until: Date | null; note: string | null; by: string }>;

const inForceAt = (now: string): string =>
  `p.paused_at IS NOT NULL AND (p.until_at IS NULL OR p.until_at > ${now})`;
const inForce = inForceAt('CURRENT_TIMESTAMP');

/** Selects with a further condition that excludes paused flows; without it if the migration of their table is pending. */
export async function withoutPaused<Row>(
  flowId: string,
  select: (condition: string) => Promise<Row[]>,
): Promise<Row[]> {
  const isPaused = `SELECT 1 FROM ${pausesTable} p WHERE p.flow_id = ${flowId} AND ${inForce}`;
  return (await ifMigrated(select(`AND NOT EXISTS (${isPaused})`))) ?? select('');
}

const readLimit = declareArguments('listPaused', { options: options({ limit: limitOf(10_000, 1_000) }) });

/** Selects the pauses in force, by flow id; none if the migration of their table is pending. */
export async function selectPauses(session: Session, given: Asked<typeof readLimit>): Promise<Pause[]> {
  const rows = session.select<Pause>(
    `SELECT p.flow_id AS flowId, p.paused_at AS pausedAt, p.until_at AS until, p.note, p.paused_by AS \`by\`
       FROM ${pausesTable} p
      WHERE ${inForce} ORDER BY p.flow_id LIMIT ?`,
    [readLimit(given).options.limit],
  );
  return (await ifMigrated(rows)) ?? [];
}

/** Returns those of these flows, whose rows are locked, that are paused at an instant. */
export async function readPaused(session: Session, ids: readonly string[], now: Date): Promise<Set<string>> {
  const rows = session.select<{ flow_id: string }>(
    `SELECT p.flow_id FROM ${pausesTable} p WHERE p.flow_id IN (${marks(ids)}) AND ${inForceAt('?')} ${session.currentRead}`,
    [...ids, now],
  );
  return new Set((await ifMigrated(rows))?.map(({ flow_id }) => flow_id));
}

/** Writes a flow's row of {@link pausesTable}. Locks the flow's row, so that a later claim sees what is written. */
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

/** Pauses a flow. Replaces the flow's present pause. */
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

/** Sets how many failures in a row pause a flow; null: failures never pause it. */
export function limitFailures(session: Session, given: Asked<typeof limiting>): Promise<void> {
  const { id, failures } = limiting(given);
  return writeRow(session, id, () => ({ failure_limit: failures }));
}

/** Ends a flow's pause; false if it is not paused. */
export const resumeFlow = (session: Session, id: string): Promise<boolean> =>
  session.transaction(async (own) => {
    const flow = await lockFlow(own, id);
    const sql = `UPDATE ${pausesTable} p SET p.paused_at = NULL WHERE p.flow_id = ? AND ${inForce}`;
    return (await own.write(sql, [flow.id])) > 0;
  });

/** `counted_from`: the run that last paused the flow. Only later failures count. */
type Policy = { run_id: string; flow_id: string; failure_limit: number; counted_from: string | null };

/** Pauses a failed run's flow once its newest runs, up to the limit, have all failed. In the transaction that ends the run. */
export async function pauseFailing(session: Session, runId: string): Promise<void> {
  const [policy] = await session.select<Policy>(
    `SELECT e.id AS run_id, p.flow_id, p.failure_limit, p.counted_from FROM protection_flow_executions e
       JOIN ${pausesTable} p ON p.flow_id = e.flow_id
      WHERE e.id = ? AND p.failure_limit IS NOT NULL AND NOT (${inForce}) ${session.currentRead}`,
    [runId],
  );
  if (policy === undefined) return;
  const { run_id, flow_id, failure_limit: limit, counted_from } = policy;
  // The history index: with the index on status, MySQL reads and sorts all runs of the flow
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
    [`${limit} runs in a row have failed`, run_id, flow_id],
  );
}
