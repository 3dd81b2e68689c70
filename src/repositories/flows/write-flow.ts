import { uuidv7 } from 'uuidv7';
import { ProtectionFlow } from '../../entities';
import { ProtectionFlowsError, type ErrorReport } from '../../errors';
import { planByIds } from '../due/plan';
import { nextTime, readSchedules, scheduleOf } from '../due/schedules';
import { flowNotFound } from '../refusals';
import { marks, rowReader, type RawRow } from '../rows';
import type { Session } from '../session';
import type { FlowChanges, NewFlow } from './flow-input';
import { readFlowInput } from './flow-input';

/** What became of one of several flows. */
export interface BulkItem {
  readonly id: string;
  readonly ok: boolean;
  /** Where it is not. */
  readonly error?: ErrorReport;
}

/** What became of several flows. */
export interface BulkResult {
  readonly action: 'enable' | 'disable' | 'delete';
  readonly requested: number;
  readonly successful: number;
  readonly failed: number;
  /** In the order asked for. */
  readonly results: readonly BulkItem[];
}

/** The next run of a schedule that a caller names: a wrong one is refused now, not passed over for ever. */
async function nextRunOf(session: Session, scheduleId: string): Promise<Date | null> {
  const [clock] = await session.select<{ now: Date }>('SELECT CURRENT_TIMESTAMP AS now');
  const schedule = scheduleOf(await readSchedules(session, [scheduleId]), scheduleId);
  const time = nextTime(schedule, clock?.now ?? new Date());
  if (time.next === null && time.reason === 'schedule-invalid') {
    throw new ProtectionFlowsError('SCHEDULE_INVALID', {
      message: `the schedule ${scheduleId} can't be used: ${time.message}`,
      remedy: 'Mend the schedule’s cron_expression or timezone, or choose another schedule.',
      details: { schedule_id: scheduleId },
    });
  }
  return time.next;
}

/** Inserts a flow and reads it back. */
export async function insertFlow(session: Session, input: NewFlow): Promise<ProtectionFlow> {
  const columns = new Map(readFlowInput(input, 'insert'));
  const id = input.id ?? uuidv7();
  columns.set('id', id);
  const scheduleId = input.schedule_id ?? null;
  if (scheduleId !== null && input.enabled !== false)
    columns.set('next_execution_time', await nextRunOf(session, scheduleId));
  await session.write(
    `INSERT INTO protection_flows (${[...columns.keys()].join(', ')}) VALUES (${marks([...columns])})`,
    [...columns.values()],
  );
  const reader = rowReader(session.manager, ProtectionFlow);
  const [row] = await session.select<RawRow>(
    `SELECT ${reader.columns('f')} FROM protection_flows f WHERE f.id = ?`,
    [id],
  );
  if (row === undefined) throw flowNotFound(id);
  return reader.read(row);
}

/**
 * The flow's time is computed anew where its schedule or its being enabled really changes. It comes first: an UPDATE of one
 * table assigns from left to right, and this has to see the old values. A run that is due is not lost by saving the same again.
 */
function timeAssignment({
  schedule_id,
  enabled,
}: FlowChanges): { sql: string; parameters: unknown[] } | null {
  const unchanged: string[] = [];
  const parameters: unknown[] = [];
  if (schedule_id !== undefined) {
    unchanged.push('schedule_id <=> ?');
    parameters.push(schedule_id);
  }
  if (enabled !== undefined) {
    unchanged.push('enabled = ?');
    parameters.push(enabled);
  }
  if (unchanged.length === 0) return null;
  return {
    sql: `next_execution_time = IF(${unchanged.join(' AND ')}, next_execution_time, NULL)`,
    parameters,
  };
}

/** Changes a flow. */
export async function updateFlow(session: Session, id: string, changes: FlowChanges): Promise<void> {
  const columns = readFlowInput(changes, 'update');
  if (columns.length === 0) return;
  const time = timeAssignment(changes);
  const assignments = columns.map(([column]) => `${column} = ?`);
  const values = columns.map(([, value]) => value);
  const update = async (own: Session): Promise<void> => {
    const found = await own.write(
      `UPDATE protection_flows SET ${[...(time ? [time.sql] : []), ...assignments].join(', ')} WHERE id = ?`,
      [...(time?.parameters ?? []), ...values, id],
    );
    if (found === 0) throw flowNotFound(id);
  };
  if (time === null) return update(session);
  const scheduleId = changes.schedule_id ?? null;
  if (scheduleId !== null) await nextRunOf(session, scheduleId);
  await session.transaction(async (own) => {
    await update(own);
    await planByIds(own, [id]);
  });
}

/** Enables or disables flows, all in one statement. */
export async function setEnabled(
  session: Session,
  ids: readonly string[],
  enabled: boolean,
): Promise<string[]> {
  if (ids.length === 0) return [];
  return session.transaction(async (own) => {
    const rows = await own.select<{ id: string }>(
      `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id FOR UPDATE`,
      ids,
    );
    const found = rows.map((row) => row.id);
    if (found.length === 0) return [];
    await own.write(
      `UPDATE protection_flows SET next_execution_time = IF(enabled = ?, next_execution_time, NULL), enabled = ?
        WHERE id IN (${marks(found)})`,
      [enabled, enabled, ...found],
    );
    await planByIds(own, found);
    return found;
  });
}

/** What became of each of the ids. */
export function bulkResult(
  action: BulkResult['action'],
  ids: readonly string[],
  done: readonly string[],
): BulkResult {
  const known = new Set(done.map((id) => id.toLowerCase()));
  const results = ids.map((id): BulkItem =>
    known.has(id.toLowerCase()) ? { id, ok: true } : { id, ok: false, error: flowNotFound(id).toJSON() },
  );
  const successful = results.filter((one) => one.ok).length;
  return {
    action,
    requested: results.length,
    successful,
    failed: results.length - successful,
    results,
  };
}
