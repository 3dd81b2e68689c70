import type { FieldFault } from '../../errors';
import { terminalStatuses, type Optional, type TerminalStatus } from '../../domain';
import type { ExecutionRow } from '../../entities';
import { mergeFaults } from '../../validation/validate';
import { columnsOf } from '../input';

/** This name is in execution_metadata while further jobs are still to be recorded. */
export const startingFlag = 'starting_jobs';

/** The names in execution_metadata that this package itself writes. */
const controlNames = ['worker', 'due_at', 'heartbeat_at', 'cancel_acknowledged_at', 'retry', startingFlag];

/** Refuses a caller's metadata with names that only this package may write, such as the heartbeat. */
function controlFaults({ execution_metadata: metadata }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  const taken = controlNames.filter((name) => Object.hasOwn(metadata, name));
  if (taken.length === 0) return [];
  const isCallers =
    `execution_metadata must not hold ${taken.join(', ')}: under ${controlNames.join(', ')} ` +
    'this package keeps its own data';
  return [{ field: 'execution_metadata', constraints: { isCallers } }];
}

/** SQL for the metadata as an object: other programs may have stored JSON null, a list or a text, which becomes `{}`. */
export function metadataIn(column: string): string {
  return `IF(JSON_TYPE(${column}) = 'OBJECT', ${column}, '{}')`;
}

/** SQL that is true while further jobs are to be recorded; whatever else another program stored there is ignored. */
export function isStartingIn(column: string): string {
  return `COALESCE(JSON_TYPE(JSON_EXTRACT(${column}, '$.${startingFlag}')) = 'INTEGER', FALSE)`;
}

/** SQL for the current second in the format of execution_metadata.heartbeat_at. */
export const heartbeatNow = heartbeatAt('UTC_TIMESTAMP()');

/** SQL for an instant as text of fixed length, which sorts like the instants. */
export function heartbeatAt(instant: string): string {
  return `DATE_FORMAT(${instant}, '%Y-%m-%dT%H:%i:%sZ')`;
}

/** The columns of a new run. */
export type NewExecution = Pick<ExecutionRow, 'flow_id' | 'execution_type'> &
  Optional<Pick<ExecutionRow, 'id' | 'triggered_by' | 'schedule_execution_id' | 'execution_metadata'>>;

/** The columns of {@link Progress} that only grow. */
export const growingColumns = [
  'jobs_completed',
  'jobs_failed',
  'jobs_skipped',
  'vms_processed',
  'bytes_transferred',
] as const satisfies readonly (keyof ExecutionRow)[];

/** The progress of a run. Counts never go down; metadata is merged into the stored metadata. */
export type Progress = Optional<Pick<ExecutionRow, (typeof growingColumns)[number] | 'execution_metadata'>>;

const newColumns: readonly string[] = [
  'id',
  'flow_id',
  'execution_type',
  'triggered_by',
  'schedule_execution_id',
  'execution_metadata',
];
const progressColumns: readonly string[] = [...growingColumns, 'execution_metadata'];

/** Reads a {@link NewExecution}. */
export const newExecution = columnsOf<NewExecution>('ProtectionFlowExecution', newColumns, 'insert', {
  judge: controlFaults,
});

/** Reads a {@link Progress}. */
export const progressOf = columnsOf<Progress>('ProtectionFlowExecution', progressColumns, 'update', {
  judge: controlFaults,
});

/** How a run ended. Counts never go down; metadata is merged into the stored metadata. */
export interface Outcome extends Progress {
  readonly status: TerminalStatus;
  /** For people. Default: the stored message stays. */
  readonly error_message?: string | null | undefined;
}

const outcomeColumns: readonly string[] = [...progressColumns, 'status', 'error_message'];

/** Refuses a status that is not terminal: the run would be counted now, and again when it ends. */
function statusFaults({ status }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (terminalStatuses.includes(status as TerminalStatus)) return [];
  const isIn = `status must be one of the following values: ${terminalStatuses.join(', ')}`;
  return [{ field: 'status', constraints: { isIn } }];
}

/** Reads an {@link Outcome}. */
export const outcomeOf = columnsOf<Outcome>('ProtectionFlowExecution', outcomeColumns, 'update', {
  judge: (row) => mergeFaults(statusFaults(row), controlFaults(row)),
});
