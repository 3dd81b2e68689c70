import type { FieldFault } from '../../errors';
import { terminalStatuses, type Optional, type TerminalStatus } from '../../domain';
import type { ExecutionRow } from '../../entities';
import { mergeFaults } from '../../validation/validate';
import { columnsOf } from '../input';

/** Stands in execution_metadata while further jobs are still being started. */
export const startingFlag = 'starting_jobs';

/** What this package keeps in execution_metadata, beside what callers put there. */
const controlNames = ['worker', 'due_at', 'heartbeat_at', 'cancel_acknowledged_at', 'retry', startingFlag];

/** Refuses metadata of a caller's that says what only this package may: that a run is alive, or waits for its jobs. */
function controlFaults({ execution_metadata: metadata }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  const taken = controlNames.filter((name) => Object.hasOwn(metadata, name));
  if (taken.length === 0) return [];
  const isCallers =
    `execution_metadata must not hold ${taken.join(', ')}: under ${controlNames.join(', ')} ` +
    'this package keeps its own data';
  return [{ field: 'execution_metadata', constraints: { isCallers } }];
}

/** SQL for the metadata in a column as an object, whatever other programs have stored there: JSON null, a list, a text. */
export function metadataIn(column: string): string {
  return `IF(JSON_TYPE(${column}) = 'OBJECT', ${column}, '{}')`;
}

/** The current second as it stands in execution_metadata.heartbeat_at. */
export const heartbeatNow = heartbeatAt('UTC_TIMESTAMP()');

/** SQL for an instant as text of one length, ordered like the instants themselves. */
export function heartbeatAt(instant: string): string {
  return `DATE_FORMAT(${instant}, '%Y-%m-%dT%H:%i:%sZ')`;
}

/** What a new run is made of. */
export type NewExecution = Pick<ExecutionRow, 'flow_id' | 'execution_type'> &
  Optional<Pick<ExecutionRow, 'id' | 'triggered_by' | 'schedule_execution_id' | 'execution_metadata'>>;

/** What a run has done so far. Counts never go down; metadata is merged into what is there. */
export type Progress = Optional<
  Pick<
    ExecutionRow,
    | 'jobs_completed'
    | 'jobs_failed'
    | 'jobs_skipped'
    | 'vms_processed'
    | 'bytes_transferred'
    | 'execution_metadata'
  >
>;

/** The columns of {@link Progress} that only grow. */
export const growingColumns = [
  'jobs_completed',
  'jobs_failed',
  'jobs_skipped',
  'vms_processed',
  'bytes_transferred',
] as const satisfies readonly (keyof Progress)[];

const newColumns: readonly string[] = [
  'id',
  'flow_id',
  'execution_type',
  'triggered_by',
  'schedule_execution_id',
  'execution_metadata',
];
const progressColumns: readonly string[] = [...growingColumns, 'execution_metadata'];

/** What a new run is made of, as it came from the caller. */
export const newExecution = columnsOf<NewExecution>('ProtectionFlowExecution', newColumns, 'insert', {
  judge: controlFaults,
});

/** What a run has done so far, as it came from the caller. */
export const progressOf = columnsOf<Progress>('ProtectionFlowExecution', progressColumns, 'update', {
  judge: controlFaults,
});

/** How a run ended. Counts never go down; metadata is merged into what is there. */
export interface Outcome extends Progress {
  readonly status: TerminalStatus;
  /** For people. Default: what is there stays. */
  readonly error_message?: string | null | undefined;
}

/** The fields of an outcome besides its progress. */
const outcomeColumns: readonly string[] = [...progressColumns, 'status', 'error_message'];

/** A state that a run never leaves: in any other, it would be counted now, and once more when it ends. */
function statusFaults({ status }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (terminalStatuses.includes(status as TerminalStatus)) return [];
  const isIn = `status must be one of the following values: ${terminalStatuses.join(', ')}`;
  return [{ field: 'status', constraints: { isIn } }];
}

/** How a run ended, as it came from the caller. */
export const outcomeOf = columnsOf<Outcome>('ProtectionFlowExecution', outcomeColumns, 'update', {
  judge: (row) => mergeFaults(statusFaults(row), controlFaults(row)),
});
