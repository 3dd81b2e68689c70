import type { Spread } from './statistics';

/** A number without a fraction, with thousands separators. */
export const whole = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 0 });

/** Milliseconds with at least three digits. */
export function ms(value: number): string {
  if (value < 10) return value.toFixed(2);
  return value < 100 ? value.toFixed(1) : whole(value);
}

/** The middle half of some milliseconds. */
export const middle = ({ low, high }: Spread): string => `${ms(low)}–${ms(high)}`;
