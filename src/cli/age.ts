import { InvalidArgumentError } from 'commander';
import { timestampRange } from '../domain';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const unitMs: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };

/**
 * An age as an option gives it: a whole number from 1 and its unit, as `30m`, `36h`, `90d` or `12w`. A day has 24 hours.
 *
 * @param nowMs the instant that it is reckoned back from
 * @returns milliseconds
 * @throws InvalidArgumentError for any other form, and for an age that reaches back beyond what the columns can hold
 */
export function parseAge(text: string, nowMs = Date.now()): number {
  const [, count = '', unit = ''] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  const ageMs = Number(count) * (unitMs[unit] ?? 0);
  if (ageMs === 0) {
    throw new InvalidArgumentError(
      'It must be a whole number from 1 and its unit: 30m (minutes), 36h (hours), 90d (days) or 12w (weeks).',
    );
  }
  if (nowMs - ageMs < timestampRange.from) {
    const mostDays = Math.floor((nowMs - timestampRange.from) / dayMs);
    throw new InvalidArgumentError(`No run is older than 1970: it must be at most ${mostDays}d.`);
  }
  return ageMs;
}
