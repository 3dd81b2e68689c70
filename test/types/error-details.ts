import { isProtectionFlowsError, ProtectionFlowsError, type FieldFault } from '@sendense/protection-flows';

// Only compiled: callers can rely on what compiles here, and the compiler must report each expected error.

/** A check for a code gives the details of this code. */
export function narrowed(error: unknown): FieldFault[] | string {
  if (isProtectionFlowsError(error, 'VALIDATION_FAILED')) return [...error.details.fields];
  if (isProtectionFlowsError(error, 'FLOW_STILL_RUNNING')) {
    const { flowId, executionId } = error.details;
    // @ts-expect-error the details have no such name
    void error.details.execution_id;
    // @ts-expect-error the code is already known to be another one
    void (error.code === 'FLOW_NOT_FOUND');
    return `${flowId} ${executionId}`;
  }
  // The code has several causes, each with its own details
  if (isProtectionFlowsError(error, 'SCHEDULE_INVALID') && 'scheduleId' in error.details)
    return error.details.scheduleId;
  throw error;
}

/** Without a code, the type of each detail is unknown. */
export function any(error: unknown): unknown {
  if (!isProtectionFlowsError(error)) throw error;
  // @ts-expect-error the type is unknown
  const id: string = error.details['id'];
  return id;
}

/** An error can only be made with the details of its code. */
export const made = [
  new ProtectionFlowsError('FAKE_REFUSED', { message: 'm', remedy: 'r' }),
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r', details: { id: '1' } }),
  // @ts-expect-error without the details of the code
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r' }),
  // @ts-expect-error with other details
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r', details: { flow: '1' } }),
  // @ts-expect-error with details for a code that has none
  new ProtectionFlowsError('FAKE_REFUSED', { message: 'm', remedy: 'r', details: { flow: '1' } }),
  // @ts-expect-error no such code
  new ProtectionFlowsError('FLOW_GONE', { message: 'm', remedy: 'r' }),
];
