import { loadConnection, type ConfigFault, type ConnectionSources } from '../../../src/config';
import { isProtectionFlowsError, type ProtectionFlowsError } from '../../../src/errors';

/** The error that loading these sources throws. */
export function errorOf(sources: ConnectionSources): ProtectionFlowsError {
  try {
    loadConnection(sources);
  } catch (error) {
    if (isProtectionFlowsError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** `option kind` of every fault in the error's details. */
export function faultsOf(error: ProtectionFlowsError): string[] {
  return (error.details.faults as ConfigFault[]).map(({ option, kind }) => `${option} ${kind}`);
}

/** Everything that a user, a log or a program can see of an error. */
export function visible(error: ProtectionFlowsError): string {
  return `${JSON.stringify(error)} ${error.message} ${error.stack ?? ''}`;
}
