import { terminalStatuses, type Optional, type TerminalStatus } from '../../domain';
import type { ExecutionRow } from '../../entities';
import type { FieldFault } from '../../errors';
import { mergeFaults } from '../../validation/field-faults';
import { columnsOf } from '../input';
import { controlFaults } from './metadata';

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
