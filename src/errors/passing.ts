import type { ErrorCode } from './codes';
import { isProtectionFlowsError, type ProtectionFlowsError } from './protection-flows-error';

const passing: ReadonlySet<string | null> = new Set<ErrorCode | null>([
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'CONNECTION_LOST',
  'SERVER_NOT_READY',
  'HOST_UNKNOWN',
  // A host that answers and takes no writes, yet
  null,
]);

/** True for faults of a server that is still starting, or not yet to be found; any other will be there next time too. */
export function isPassing(error: unknown): error is ProtectionFlowsError {
  if (!isProtectionFlowsError(error)) return false;
  if (!isProtectionFlowsError(error, 'NO_WRITABLE_HOST')) return passing.has(error.code);
  return error.details.hosts.some(({ code }) => passing.has(code));
}
