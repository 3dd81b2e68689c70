import { ProtectionFlowsError } from '../errors';

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
