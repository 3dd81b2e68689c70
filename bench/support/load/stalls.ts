import { median } from '../statistics';
import type { Sample } from './load-messages';

/** A period, in the clock's milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const lengthOf = ({ from, to }: Window): number => to - from;

/** The statements under way at any time of the window, including those that ended after it. */
export function within(samples: readonly Sample[], window: Window): Sample[] {
  return samples.filter(({ from, to }) => from < window.to && to > window.from);
}

/** The longest statement under way in the window. */
export function longest(samples: readonly Sample[], window: Window): Sample | null {
  return within(samples, window).reduce<Sample | null>(
    (slowest, sample) => (slowest === null || lengthOf(sample) > lengthOf(slowest) ? sample : slowest),
    null,
  );
}

/** The duration of the window's longest statement; 0 if none was under way. */
export function longestMs(samples: readonly Sample[], window: Window): number {
  const sample = longest(samples, window);
  return sample === null ? 0 : lengthOf(sample);
}

/**
 * The typical stall in a window of a length: cuts the given window into windows of that length, and takes the median of
 * their longest statements. Longer windows have longer statements by chance alone.
 */
export function typicalLongestMs(samples: readonly Sample[], window: Window, ms: number): number {
  const parts = Math.max(1, Math.floor(lengthOf(window) / ms));
  return median(
    Array.from({ length: parts }, (_, part) =>
      longestMs(samples, { from: window.from + part * ms, to: window.from + (part + 1) * ms }),
    ),
  );
}
