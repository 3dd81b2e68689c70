import { tracingChannel } from 'node:diagnostics_channel';
import type { Logger } from 'pino';

/** The level of each channel: retries and waits are worth a look. */
const levels = {
  call: 'debug',
  claim: 'debug',
  transition: 'info',
  retry: 'warn',
  step: 'info',
  'lock-wait': 'warn',
} as const;

interface Told {
  readonly result?: unknown;
  readonly error?: Error;
}

/** Logs each operation that `@sendense/protection-flows` publishes, at its end, with its duration. */
export function logProtectionFlows(logger: Logger): void {
  for (const [name, level] of Object.entries(levels)) {
    const channel = tracingChannel<unknown, Told>(`sendense:protection-flows:${name}`);
    const startedAt = new WeakMap<Told, number>();
    channel.start.subscribe((told) => startedAt.set(told as Told, performance.now()));
    channel.asyncEnd.subscribe((message) => {
      const { result: _result, error, ...told } = message as Told;
      const ms = Math.round(performance.now() - (startedAt.get(message as Told) ?? NaN));
      const line = { channel: name, ms, ...told };
      if (error === undefined) logger[level as 'info'](line, `protection-flows ${name}`);
      else logger.error({ ...line, err: error }, `protection-flows ${name} failed`);
    });
  }
}
