import { BoundedCache } from './bounded-cache';

const second = 1000;
const day = 86_400 * second;

/** An Intl.DateTimeFormat takes some 0.1 ms to make, more than everything else that a next run takes. */
const clocks = new BoundedCache<ZoneClock>(50);

/**
 * The clock on the wall of one time zone, after the zone data of this Node (`process.versions.tz`).
 *
 * An *instant* is milliseconds since 1970-01-01T00:00:00Z. A *reading* is what the clock shows, written as if it were UTC:
 * 02:30 on a day is Date.UTC(…, 2, 30). Both are whole seconds. It is taken for granted that no zone changes its clock
 * twice within three days.
 */
export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  /** True where the clock shows UTC: it is never changed then. */
  readonly isUtc: boolean;

  private constructor(name: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    this.isUtc = this.format.resolvedOptions().timeZone === 'UTC';
  }

  /** @throws RangeError where Node doesn't know the zone */
  static of(name: string): ZoneClock {
    return clocks.get(name, () => new ZoneClock(name));
  }

  /**
   * The latest reading that the clock has had up to this instant: what it shows, or, where it was set back during the last
   * day and hasn't caught up, what it had reached before.
   */
  latestReading(instant: number): number {
    const offset = this.offsetAt(instant);
    const earlier = this.offsetAt(instant - day);
    const reading = instant + offset;
    if (earlier <= offset) return reading;
    return Math.max(reading, this.changeWithin(instant - day, instant) - second + earlier);
  }

  /**
   * The first instant at which the clock has come to this reading or past it. Where the reading occurs twice, the first
   * time; where it is skipped, the instant right after the gap. Inverse of {@link latestReading}.
   */
  firstAt(reading: number): number {
    // A reading is never a day away from the instant it stands for, so these are before and after it
    const before = this.offsetAt(reading - day);
    const after = this.offsetAt(reading + day);
    const instant = reading - before;
    if (before === after || this.offsetAt(instant) === before) return instant;
    return Math.max(reading - after, this.changeWithin(reading - day, reading + day));
  }

  /** The first instant of the new offset, between two instants of different offsets. */
  private changeWithin(from: number, to: number): number {
    const old = this.offsetAt(from);
    let [last, first] = [from, to];
    while (first - last > second) {
      const middle = last + Math.floor((first - last) / (2 * second)) * second;
      if (this.offsetAt(middle) === old) last = middle;
      else first = middle;
    }
    return first;
  }

  /** How far the clock is ahead of UTC, in milliseconds. */
  private offsetAt(instant: number): number {
    if (this.isUtc) return 0;
    const numbers = this.format.format(instant).match(/\d+/g) ?? [];
    const [month, date, year, ...time] = numbers.map(Number) as [number, number, number, ...number[]];
    return Date.UTC(year, month - 1, date, ...time) - instant;
  }
}
