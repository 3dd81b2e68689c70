import type { Optional } from '../../domain';
import type { ExecutionRow } from '../../entities';
import { assertInput } from '../input';

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

/** @throws VALIDATION_FAILED, naming every wrong field at once */
export function assertNewExecution(input: NewExecution): void {
  assertInput('ProtectionFlowExecution', input, newColumns, 'insert');
}

/** @throws VALIDATION_FAILED, naming every wrong field at once */
export function assertProgress(input: Progress): void {
  assertInput('ProtectionFlowExecution', input, progressColumns, 'update');
}

/** The fields of an outcome besides its progress. */
const outcomeColumns: readonly string[] = [...progressColumns, 'status', 'error_message'];

/** @throws VALIDATION_FAILED, naming every wrong field at once */
export function assertOutcome(input: object): void {
  assertInput('ProtectionFlowExecution', input, outcomeColumns, 'update');
}
