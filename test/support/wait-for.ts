import { setTimeout as delay } from 'node:timers/promises';

const defaultPollMs = 20;

/**
 * Resolves to the first value of `condition` that is neither false, null nor undefined. An error counts as no value yet.
 *
 * @throws after the timeout (default: 10,000 ms), with the condition's last error as cause
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, pollMs = defaultPollMs }: { timeoutMs?: number; pollMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline)
      throw new Error(`not so after ${timeoutMs} ms: ${condition.toString()}`, { cause });
    await delay(pollMs);
  }
}
