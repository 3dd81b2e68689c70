import type { Reader } from '../../arguments';
import type { Optional } from '../../domain';
import { type FlowRow, ProtectionFlow } from '../../entities';
import { columnsOf } from '../input';
import { uuidv7 } from 'uuidv7';
import { ProtectionFlowsError } from '../../errors';
import { planByIds } from '../due/plan';
import { nextTime } from '../../schedule';
import { readSchedule } from '../due/schedules';
import { keepTimetablesWhere } from '../due/timetables';
import { flowNotFound } from '../not-found';
import { explainingRefusals } from '../refusals';
import { marks, storedIds } from '../statements';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';

/** The columns of a flow that a client may set. The scheduler and the server set the others. */
export const changeableColumns = [
  'name',
  'description',
  'flow_type',
  'target_type',
  'target_id',
  'repository_id',
  'policy_id',
  'destination_type',
  'destination_config',
  'schedule_id',
  'enabled',
] as const satisfies readonly (keyof FlowRow)[];

type Changeable = (typeof changeableColumns)[number];

/** The columns of a new flow of one type. */
type NewFlowOf<Type extends FlowRow['flow_type'], Needed extends Changeable> = {
  [Column in Needed]: NonNullable<FlowRow[Column]>;
} & { flow_type: Type } & Pick<FlowRow, 'name' | 'target_type' | 'target_id'> &
  Optional<Pick<FlowRow, Changeable | 'id' | 'created_by'>>;

/** A new flow that backs up into a repository. */
export type NewBackupFlow = NewFlowOf<'backup', 'repository_id'>;

/** A new flow that replicates to a destination. */
export type NewReplicationFlow = NewFlowOf<'replication', 'destination_type'>;

/** The columns of a new flow. Default: null, and for `enabled` true. */
export type NewFlow = NewBackupFlow | NewReplicationFlow;

/** Changes of a flow: null clears a column, undefined leaves it unchanged. */
export type FlowChanges = Optional<Pick<FlowRow, Changeable>>;

const creatableColumns: readonly string[] = ['id', ...changeableColumns, 'created_by'];

/** Reads a {@link NewFlow}. */
export const newFlow: Reader<NewFlow> = columnsOf('ProtectionFlow', creatableColumns, 'insert');

/** Reads {@link FlowChanges}. */
export const flowChanges: Reader<FlowChanges> = columnsOf('ProtectionFlow', changeableColumns, 'update');

/** The given columns in a fixed order, with their values for SQL. */
function givenColumns(input: NewFlow | FlowChanges): [column: string, value: unknown][] {
  const values = input as Readonly<Record<string, unknown>>;
  const toSql = (column: string, value: unknown): unknown =>
    column === 'destination_config' && value !== null ? JSON.stringify(value) : value;
  return creatableColumns
    .filter((column) => values[column] !== undefined)
    .map((column) => [column, toSql(column, values[column])]);
}

/**
 * Returns a schedule's stored id and its next time.
 *
 * @param named true if the caller gave the schedule: an invalid one is refused now, instead of being skipped for ever
 * @param after default: the server's time
 */
async function nextRunOf(session: Session, scheduleId: string, named: boolean, after?: Date) {
  const schedule = await readSchedule(session, scheduleId);
  if (schedule === undefined) return { scheduleId, next: null };
  const time = nextTime(schedule, after ?? schedule.read_at);
  if (named && time.next === null && time.reason === 'schedule-invalid') {
    throw new ProtectionFlowsError('SCHEDULE_INVALID', {
      message: `the schedule ${scheduleId} can't be used: ${time.message}`,
      remedy: 'Correct the schedule’s cron_expression or timezone, or choose another schedule.',
      details: { scheduleId },
    });
  }
  return { scheduleId: schedule.id, next: time.next };
}

/** Inserts a flow, and returns the stored row: by RETURNING on MariaDB, by a SELECT on MySQL. */
export async function insertFlow(session: Session, input: NewFlow): Promise<FlowRow> {
  const columns = new Map(givenColumns(input));
  const id = input.id ?? uuidv7();
  columns.set('id', id);
  const scheduleId = input.schedule_id ?? null;
  if (scheduleId !== null && input.enabled !== false) {
    const run = await nextRunOf(session, scheduleId, true);
    columns.set('schedule_id', run.scheduleId);
    columns.set('next_execution_time', run.next);
  }
  const reader = rowReader(session.manager, ProtectionFlow);
  const insert = `INSERT INTO protection_flows (${[...columns.keys()].join(', ')}) VALUES (${marks([...columns])})`;
  const values = [...columns.values()];
  const write = async (): Promise<RawRow | undefined> => {
    if (session.isMariaDb) {
      const returning = `${insert} RETURNING ${reader.columns('protection_flows')}`;
      return (await session.select<RawRow>(returning, values))[0];
    }
    await session.write(insert, values);
    const stored = `SELECT ${reader.columns('f')} FROM protection_flows f WHERE f.id = ?`;
    return (await session.select<RawRow>(stored, [id]))[0];
  };
  const row = await explainingRefusals(session, { table: 'protection_flows', values: columns }, write);
  if (row === undefined) throw flowNotFound(id);
  return reader.read(row);
}

type Times = Pick<FlowRow, 'schedule_id' | 'enabled'>;

/**
 * Reads a flow's present `schedule_id` and `enabled`, and computes the new ones and the next time. The UPDATE compares the
 * present values again, so it matches no row if somebody changed them meanwhile.
 */
async function readTimes(session: Session, id: string, changes: FlowChanges) {
  const [was] = await session.select<Times & { now: Date }>(
    // A caller's transaction may have an old snapshot, which would be the same at every attempt
    `SELECT schedule_id, enabled, CURRENT_TIMESTAMP AS now FROM protection_flows WHERE id = ?
     ${session.isJoined ? 'FOR UPDATE' : ''}`,
    [id],
  );
  if (was === undefined) throw flowNotFound(id);
  const { schedule_id = was.schedule_id, enabled = was.enabled } = changes;
  const named = changes.schedule_id !== undefined;
  // A flow that stays disabled gets no time, but a schedule that the caller gave must be valid
  if (schedule_id === null || !(enabled || named)) return { was, will: { schedule_id, enabled }, next: null };
  const run = await nextRunOf(session, schedule_id, named, was.now);
  const will = { schedule_id: named ? run.scheduleId : schedule_id, enabled };
  return { was, will, next: enabled ? run.next : null };
}

/** How often to compute the next time again, if others change the flow's schedule meanwhile. */
const updateAttempts = 10;

function changedByOthers(id: string): ProtectionFlowsError {
  return new ProtectionFlowsError('TRANSACTION_ABORTED', {
    message: `flow ${id} was not changed: in ${updateAttempts} attempts, others changed its schedule or enabled meanwhile`,
    remedy: 'Try again.',
    details: { id },
  });
}

/**
 * Changes a flow. Sets a new next time only if `schedule_id` or `enabled` gets another value: saving the same values again
 * does not lose a due run. That assignment comes first, because an UPDATE of one table assigns from left to right.
 */
export async function updateFlow(session: Session, id: string, changes: FlowChanges): Promise<void> {
  const columns = new Map(givenColumns(changes));
  if (columns.size === 0) return;
  const assignments = [...columns.keys()].map((column) => `${column} = ?`).join(', ');
  const write = (sql: string, parameters: readonly unknown[]): Promise<number> =>
    explainingRefusals(session, { table: 'protection_flows', values: columns, changes: id }, () =>
      session.write(sql, parameters),
    );
  if (changes.schedule_id === undefined && changes.enabled === undefined) {
    const sql = `UPDATE protection_flows SET ${assignments} WHERE id = ?`;
    if ((await write(sql, [...columns.values(), id])) === 0) throw flowNotFound(id);
    return;
  }
  for (let attempt = 1; ; attempt += 1) {
    const { was, will, next } = await readTimes(session, id, changes);
    if (columns.has('schedule_id')) columns.set('schedule_id', will.schedule_id);
    const found = await write(
      `UPDATE protection_flows
          SET next_execution_time = IF(schedule_id <=> ? AND enabled = ?, next_execution_time, ?), ${assignments}
        WHERE id = ? AND schedule_id <=> ? AND enabled = ?`,
      [will.schedule_id, will.enabled, next, ...columns.values(), id, was.schedule_id, was.enabled],
    );
    if (found > 0) return keepTimetablesWhere(session, 'id = ?', [id], was.now, 'wait');
    if (attempt === updateAttempts) throw changedByOthers(id);
  }
}

/**
 * Enables or disables flows in one statement.
 *
 * @returns requested id → stored id, of the flows that exist
 */
export async function setEnabled(
  session: Session,
  ids: readonly string[],
  enabled: boolean,
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  return session.transaction(async (own) => {
    const rows = await own.select<{ id: string; now: Date }>(
      `SELECT id, CURRENT_TIMESTAMP AS now FROM protection_flows WHERE id IN (${marks(ids)})
        ORDER BY id FOR UPDATE`,
      ids,
    );
    const found = rows.map((row) => row.id);
    if (found.length === 0) return new Map();
    await own.write(
      `UPDATE protection_flows SET next_execution_time = IF(enabled = ?, next_execution_time, NULL), enabled = ?
        WHERE id IN (${marks(found)})`,
      [enabled, enabled, ...found],
    );
    if (enabled) await planByIds(own, found);
    else await keepTimetablesWhere(own, `id IN (${marks(found)})`, found, rows[0]!.now, 'wait');
    return storedIds(own, 'protection_flows', ids, found);
  });
}
