import { BoundedCache } from './bounded-cache';

const second = 1000;
const day = 86_400 * second;

/** To make an Intl.DateTimeFormat takes some 0.1 ms, more than all other work for a next run. */
const clocks = new BoundedCache<ZoneClock>(50);

/**
 * The wall clock of one time zone, by the zone data of this Node (`process.versions.tz`).
 *
 * An *instant* is milliseconds since 1970-01-01T00:00:00Z. A *reading* is the time that the clock shows, written as if it
 * were UTC: 02:30 is Date.UTC(…, 2, 30). Both are whole seconds. The methods assume that no zone changes its clock twice
 * within three days.
 */
export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  /** True if the zone is UTC, which has no clock changes. */
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

  /** @throws RangeError if Node doesn't know the zone */
  static of(name: string): ZoneClock {
    return clocks.get(name, () => new ZoneClock(name));
  }

  /**
   * Returns the latest reading that the clock has shown up to this instant. That is the reading now, unless the clock was
   * set back within the last day and has not yet reached its reading before the change again.
   */
  latestReading(instant: number): number {
    const offset = this.offsetAt(instant);
    const earlier = this.offsetAt(instant - day);
    const reading = instant + offset;
    if (earlier <= offset) return reading;
    return Math.max(reading, this.changeWithin(instant - day, instant) - second + earlier);
  }

  /**
   * Returns the first instant at which the clock shows this reading or a later one. For a reading that occurs twice, that
   * is the first time; for a skipped reading, the instant right after the gap. Inverse of {@link latestReading}.
   */
  firstAt(reading: number): number {
    // A reading is less than a day from its instant, so these two offsets are from before and after that instant
    const before = this.offsetAt(reading - day);
    const after = this.offsetAt(reading + day);
    const instant = reading - before;
    if (before === after || this.offsetAt(instant) === before) return instant;
    return Math.max(reading - after, this.changeWithin(reading - day, reading + day));
  }

  /** Finds the first instant of the new offset between two instants with different offsets. */
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
