import { setTimeout as delay } from 'node:timers/promises';
import { isProtectionFlowsError, ProtectionFlowsError, translated } from '../../errors';
import type { OwnConnection } from '../server/open-connection';

/** How long after an answer the server is asked again, in milliseconds. */
const pauseMs = 1000;

function silentServer(cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('CONNECTION_TIMEOUT', {
    message: 'interrupted by the caller, and the server answers nothing any more',
    consequence: 'The statement under way may or may not take effect; everything before it has.',
    remedy: 'See what is wrong with the server, then run the command again: it goes on from what is there.',
    cause,
  });
}

/**
 * Runs `work`, but once the signal is aborted, no longer than the server answers: a statement under way is waited for,
 * however long it takes; one on a server that is frozen, or behind a network that was cut, has no end.
 *
 * @param open a connection besides, whose statements have a limit
 * @throws ProtectionFlowsError CONNECTION_TIMEOUT; and what `work` throws
 */
export async function unlessSilent<T>(
  work: () => Promise<T>,
  open: () => OwnConnection,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return work();
  const done = new AbortController();
  const silence = new Promise<never>((_resolve, reject) => {
    const watch = (): void => void untilSilent(open, done.signal).then(reject, () => undefined);
    if (signal.aborted) watch();
    else signal.addEventListener('abort', watch, { signal: done.signal });
  });
  try {
    return await Promise.race([work(), silence]);
  } finally {
    done.abort();
  }
}

async function untilSilent(open: () => OwnConnection, done: AbortSignal): Promise<ProtectionFlowsError> {
  for (;;) {
    await delay(pauseMs, undefined, { signal: done, ref: false });
    const connection = open();
    try {
      await connection.query('DO 0');
    } catch (error) {
      // Any other answer, a refusal too, is one
      if (isProtectionFlowsError(translated(error), 'CONNECTION_TIMEOUT')) return silentServer(error);
    } finally {
      connection.close();
    }
  }
}
