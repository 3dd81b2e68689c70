import { isProtectionFlowsError, ProtectionFlowsError } from '../errors';

/** The error for a flow that is not there (any more). */
export function flowNotFound(id: string): ProtectionFlowsError {
  return new ProtectionFlowsError('FLOW_NOT_FOUND', {
    message: `there is no flow ${id}`,
    remedy: 'Check the id; the flow may have been deleted.',
    details: { id },
  });
}

/** The error for an execution that is not there (any more). */
export function executionNotFound(id: string): ProtectionFlowsError {
  return new ProtectionFlowsError('EXECUTION_NOT_FOUND', {
    message: `there is no execution ${id}`,
    remedy: 'Check the id; the execution may have been pruned, or deleted with its flow.',
    details: { id },
  });
}

/** The error for a flow that can't begin a run, as one is under way. */
export function flowStillRunning(flowId: string, executionId: string): ProtectionFlowsError {
  return new ProtectionFlowsError('FLOW_STILL_RUNNING', {
    message: `flow ${flowId} still runs: execution ${executionId} is under way`,
    remedy: 'Wait for it or cancel it, or enqueue the run: it begins when the flow is free.',
    details: { flowId, executionId },
  });
}

/**
 * What the column's refusal of `cancelled` means: the program is newer than the schema, and nothing is wrong with what
 * it was given. Any other error as it is.
 */
export function cancelledRefused(error: unknown): unknown {
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) return error;
  if (!error.details.fields.some(({ field }) => field === 'last_execution_status')) return error;
  return new ProtectionFlowsError('MIGRATION_PENDING', {
    message: "the database does not know 'cancelled' as a flow's last status yet: a migration is pending",
    remedy: 'Run protection-flows migrate, then cancel the run again.',
    details: { table: 'protection_flows', column: 'last_execution_status' },
    cause: error,
  });
}
