import { ProtectionFlowsError } from '../../errors';

/** Throws INTERRUPTED once the signal is aborted. */
export function assertNotInterrupted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ProtectionFlowsError('INTERRUPTED', {
    message: 'interrupted by the caller',
    remedy: 'Run the command again: each step finds out from the catalog what is left to do.',
  });
}
