import { median } from '../statistics';
import type { Sample } from './load-messages';

/** A stretch of time, in the clock's milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const lengthOf = ({ from, to }: Window): number => to - from;

/** The statements that were under way at any time of the window, those that outlasted it included. */
export function within(samples: readonly Sample[], window: Window): Sample[] {
  return samples.filter(({ from, to }) => from < window.to && to > window.from);
}

/** The statement that took longest of those under way in the window. */
export function longest(samples: readonly Sample[], window: Window): Sample | null {
  return within(samples, window).reduce<Sample | null>(
    (slowest, sample) => (slowest === null || lengthOf(sample) > lengthOf(slowest) ? sample : slowest),
    null,
  );
}

/** How long the longest statement of the window took; 0 where none was under way. */
export function longestMs(samples: readonly Sample[], window: Window): number {
  const sample = longest(samples, window);
  return sample === null ? 0 : lengthOf(sample);
}

/**
 * What a window of that length typically meets: the window given is cut into as many as there is room for, and the
 * median of their longest statements is taken. A longer window meets a longer statement, by chance alone.
 */
export function typicalLongestMs(samples: readonly Sample[], window: Window, ms: number): number {
  const parts = Math.max(1, Math.floor(lengthOf(window) / ms));
  return median(
    Array.from({ length: parts }, (_, part) =>
      longestMs(samples, { from: window.from + part * ms, to: window.from + (part + 1) * ms }),
    ),
  );
}
