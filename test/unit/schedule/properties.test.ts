import * as fc from 'fast-check';
import { nextRun, nextRuns, scheduleFaults } from '../../../src/schedule';
import { referenceRuns, textOf, wallClock, type Field, type Fields } from './reference-cron';
import { refusal } from './runs';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

/** A field of the values min to max, in one of the ways to write it. */
function field(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<Field> {
  const value = fc.integer({ min, max });
  const written = (number: number): string => names[number - min] ?? String(number);
  const span = fc
    .tuple(value, value)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
  const step = fc.integer({ min: 1, max: max - min + 1 });
  const part = fc.oneof(
    value.map((number) => ({ text: written(number), numbers: [number] })),
    span.map(([from, to]) => ({ text: `${written(from)}-${written(to)}`, numbers: range(from, to) })),
    fc
      .tuple(span, step)
      .map(([[from, to], by]) => ({ text: `${from}-${to}/${by}`, numbers: range(from, to, by) })),
    fc.tuple(value, step).map(([from, by]) => ({ text: `${from}/${by}`, numbers: range(from, max, by) })),
  );
  return fc.oneof(
    fc.constant({ text: '*', values: new Set(range(min, max)) }),
    fc
      .integer({ min: 2, max: max - min + 1 })
      .map((by) => ({ text: `*/${by}`, values: new Set(range(min, max, by)) })),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({
      text: parts.map(({ text }) => text).join(','),
      values: new Set(parts.flatMap(({ numbers }) => numbers)),
    })),
  );
}

const star = { text: '*', values: new Set(range(0, 59)) };
const mostly = (rest: fc.Arbitrary<Field>): fc.Arbitrary<Field> =>
  fc.oneof({ arbitrary: fc.constant(star), weight: 2 }, { arbitrary: rest, weight: 1 });

const expressions: fc.Arbitrary<Fields> = fc
  .record({
    second: fc.option(field(0, 59)),
    minute: field(0, 59),
    hour: field(0, 23),
    day: mostly(field(1, 31)),
    month: mostly(field(1, 12, 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' '))),
    weekday: mostly(field(0, 6, 'SUN MON TUE WED THU FRI SAT'.split(' '))),
  })
  .filter((fields) => textOf(fields).length <= 100);

const zones = [
  'UTC',
  'Asia/Kathmandu',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Nuuk',
  'America/Havana',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
];

const start = Date.parse('2026-01-01T00:00:00Z');
const offset = (zone: string, instant: number): number => wallClock(zone, instant).getTime() - instant;

/** The days of 2026 in which the zone's clock is changed. */
function changes(zone: string): number[] {
  return range(0, 364)
    .map((index) => start + index * dayMs)
    .filter((day) => offset(zone, day) !== offset(zone, day + dayMs));
}

/** A zone, and an instant: somewhere between 1970 and 2037, or within two days around a change of the zone's clock. */
const moments = fc.constantFrom(...zones).chain((zone) => {
  const anywhere = fc.integer({ min: Date.UTC(1973, 0, 1), max: Date.UTC(2037, 11, 1) });
  const days = changes(zone);
  const near = fc
    .tuple(
      fc.constantFrom(...(days.length > 0 ? days : [start])),
      fc.integer({ min: -dayMs, max: 2 * dayMs }),
    )
    .map(([day, distance]) => day + distance);
  return fc.record({ zone: fc.constant(zone), after: fc.oneof(anywhere, near) });
});

// Without these, an expression that nobody thought of could be missed, or an instant near a change of the clock.
describe('any schedule at any instant', () => {
  it('runs exactly at the times that a check of the wall clock, minute by minute, finds', () => {
    fc.assert(
      fc.property(expressions, moments, (fields, { zone, after }) => {
        const until = after + 1.5 * dayMs;
        const expected = referenceRuns(fields, zone, after, until).slice(0, 50);
        const schedule = { cron_expression: textOf(fields), timezone: zone };
        const found = nextRuns(schedule, new Date(after), expected.length + 1).map((run) => run.getTime());
        expect(found.slice(0, expected.length)).toEqual(expected);
        // Only the expected runs: later ones are outside the checked minutes
        if (expected.length < 50) expect(found[expected.length] ?? Infinity).toBeGreaterThan(until);
      }),
      { numRuns: 150 },
    );
  });

  it('runs later and later, in whole seconds', () => {
    fc.assert(
      fc.property(expressions, moments, (fields, { zone, after }) => {
        const schedule = { cron_expression: textOf(fields), timezone: zone };
        const instants = [after, ...nextRuns(schedule, new Date(after), 10).map((run) => run.getTime())];
        expect(instants).toEqual([...new Set(instants)].sort((one, other) => one - other));
        expect(instants.slice(1).every((run) => run % 1000 === 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has faults exactly if it is refused, whatever its text', () => {
    const alphabet = [
      ...'0123456789*/,-?#+LW ',
      ...['MON', 'SUN', 'JAN', '@', '@daily', 'TZ=', ':', '\t', 'x'],
    ];
    const scribble = fc.array(fc.constantFrom(...alphabet), { maxLength: 15 }).map((parts) => parts.join(''));
    const fiveScribbles = fc
      .array(scribble, { minLength: 5, maxLength: 6 })
      .map((fields) => fields.join(' '));
    const spoilt = fc
      .tuple(expressions.map(textOf), fc.nat(100), fc.constantFrom(...alphabet))
      .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1));
    fc.assert(
      fc.property(
        fc.oneof(scribble, fiveScribbles, spoilt, fc.string()),
        fc.oneof(fc.constantFrom(...zones, null), fc.string()),
        (cron_expression, timezone) => {
          const schedule = { cron_expression, timezone };
          const faults = scheduleFaults(schedule);
          const ask = (): Date | null => nextRun(schedule, new Date(start));
          if (faults.length === 0) expect(ask()?.getTime() ?? Infinity).toBeGreaterThan(start);
          else expect(refusal(ask).details).toMatchObject({ field: faults[0]?.field, faults });
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a daily schedule', () => {
  const changing = Intl.supportedValuesOf('timeZone').flatMap((zone) =>
    changes(zone).map((day) => [zone, day] as const),
  );
  // Clocks change at night
  const times = [0, 1, 2, 3, 4, 12, 22, 23].flatMap((hour) =>
    [0, 30].map((minute) => [minute, hour] as const),
  );

  /** The local days that the five runs from two days before a change belong to. */
  function daysOfRuns(zone: string, change: number, [minute, hour]: readonly [number, number]): string[] {
    const midnight = change - 2 * dayMs - offset(zone, change - 2 * dayMs);
    const schedule = { cron_expression: `${minute} ${hour} * * *`, timezone: zone };
    return nextRuns(schedule, new Date(midnight - 1), 5).map((run) => {
      const wall = wallClock(zone, run.getTime());
      // If the gap ends with the day, the run is due at the midnight that ends the gap
      const isLate = hour === 23 && wall.getUTCHours() === 0;
      return new Date(wall.getTime() - Number(isLate)).toISOString().slice(0, 10);
    });
  }

  it('runs once on each day around every clock change, whatever the zone and the time', () => {
    expect(changing.length).toBeGreaterThan(100);
    for (const [zone, change] of changing) {
      const days = range(-2, 2).map((index) => new Date(change + index * dayMs).toISOString().slice(0, 10));
      for (const time of times)
        expect([zone, time, daysOfRuns(zone, change, time)]).toEqual([zone, time, days]);
    }
  });
});
