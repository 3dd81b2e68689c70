import { isProtectionFlowsError, ProtectionFlowsError, type FieldFault } from '@sendense/protection-flows';

// Compiled, never run: what does not fail here is what callers can rely on, and each error that is expected has to come.

/** With a code, the details are those of the code. */
export function narrowed(error: unknown): FieldFault[] | string {
  if (isProtectionFlowsError(error, 'VALIDATION_FAILED')) return [...error.details.fields];
  if (isProtectionFlowsError(error, 'FLOW_STILL_RUNNING')) {
    const { flowId, executionId } = error.details;
    // @ts-expect-error a name that the details do not have
    void error.details.execution_id;
    // @ts-expect-error the code is known
    void (error.code === 'FLOW_NOT_FOUND');
    return `${flowId} ${executionId}`;
  }
  // One of several ways in which the code comes up
  if (isProtectionFlowsError(error, 'SCHEDULE_INVALID') && 'scheduleId' in error.details)
    return error.details.scheduleId;
  throw error;
}

/** Without one, facts by name, of which nothing is known. */
export function any(error: unknown): unknown {
  if (!isProtectionFlowsError(error)) throw error;
  // @ts-expect-error what it is has to be found out
  const id: string = error.details['id'];
  return id;
}

/** What is thrown has what its code promises. */
export const made = [
  new ProtectionFlowsError('FAKE_REFUSED', { message: 'm', remedy: 'r' }),
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r', details: { id: '1' } }),
  // @ts-expect-error without the details of the code
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r' }),
  // @ts-expect-error with others
  new ProtectionFlowsError('FLOW_NOT_FOUND', { message: 'm', remedy: 'r', details: { flow: '1' } }),
  // @ts-expect-error with some, where there are none
  new ProtectionFlowsError('FAKE_REFUSED', { message: 'm', remedy: 'r', details: { flow: '1' } }),
  // @ts-expect-error a code that is none
  new ProtectionFlowsError('FLOW_GONE', { message: 'm', remedy: 'r' }),
];
