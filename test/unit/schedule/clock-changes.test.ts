import { nextRuns } from '../../../src/schedule';
import { runs } from './runs';

// Without these, a nightly backup could be skipped or run twice in the night of a clock change.
describe('a time that the clock skips', () => {
  it.each([
    // zone, expression, the day before, runs of that day, of the day of the change and of the day after
    ['Europe/Berlin', '30 2 * * *', '2026-03-28', '01:30', '2026-03-29T01:00:00Z', '00:30'],
    ['Europe/Berlin', '0 2 * * *', '2026-03-28', '01:00', '2026-03-29T01:00:00Z', '00:00'],
    ['America/New_York', '30 2 * * *', '2026-03-07', '07:30', '2026-03-08T07:00:00Z', '06:30'],
    ['America/St_Johns', '30 2 * * *', '2026-03-07', '06:00', '2026-03-08T05:30:00Z', '05:00'],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-02', '15:45', '2026-10-03T15:30:00Z', '15:15'],
    ['Africa/Cairo', '0 0 * * *', '2026-04-22', '22:00', '2026-04-23T22:00:00Z', '21:00'],
    ['Africa/Cairo', '30 0 * * *', '2026-04-22', '22:30', '2026-04-23T22:00:00Z', '21:30'],
    ['America/Santiago', '0 0 * * *', '2026-09-05', '04:00', '2026-09-06T04:00:00Z', '03:00'],
    ['Antarctica/Troll', '30 1 * * *', '2026-03-28', '01:30', '2026-03-29T01:00:00Z', '23:30'],
  ])('runs once, right after the gap: %s, %s', (zone, expression, eve, before, change, after) => {
    const found = runs(expression, zone, `${eve}T00:00:00Z`, 3);
    expect(found.slice(0, 2)).toEqual([`${eve}T${before}:00Z`, change]);
    expect(found[2]?.slice(11, 16)).toBe(after);
  });

  it('runs at midnight if the gap ends with the day', () => {
    // In Greenland, Saturday 23:00 is Sunday 00:00
    expect(runs('30 23 * * *', 'America/Nuuk', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ]);
  });

  it('runs once for all skipped times, together with the time right after the gap', () => {
    const expected = ['2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'];
    expect(runs('0 1-4 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 3)).toEqual(expected);
    const quarters = ['2026-03-29T01:00:00Z', '2026-03-30T00:00:00Z', '2026-03-30T00:15:00Z'];
    expect(runs('*/15 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 3)).toEqual(quarters);
  });

  it('does not run on days that its schedule excludes', () => {
    expect(runs('30 2 * * MON', 'Europe/Berlin', '2026-03-28T12:00:00Z', 1)).toEqual([
      '2026-03-30T00:30:00Z',
    ]);
  });
});

describe('a time that the clock shows twice', () => {
  it.each([
    // zone, expression, an instant before, the run of the day of the change and of the day after
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
    ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
    ['America/St_Johns', '30 1 * * *', '2026-10-31T12:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    [
      'Australia/Lord_Howe',
      '45 1 * * *',
      '2026-04-04T12:00Z',
      '2026-04-04T14:45:00Z',
      '2026-04-05T15:15:00Z',
    ],
    ['Africa/Cairo', '30 23 * * *', '2026-10-29T12:00Z', '2026-10-29T20:30:00Z', '2026-10-30T21:30:00Z'],
    ['America/Havana', '0 0 * * *', '2026-10-31T12:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'],
    ['America/Santiago', '30 23 * * *', '2026-04-04T12:00Z', '2026-04-05T02:30:00Z', '2026-04-06T03:30:00Z'],
  ])('runs once, the first time: %s, %s', (zone, expression, eve, first, next) => {
    expect(runs(expression, zone, eve, 2)).toEqual([first, next]);
    // Whenever it is asked for until the second time is over
    for (const minutes of [1, 15, 29, 30, 45, 59, 60, 90]) {
      const later = new Date(Date.parse(first) + minutes * 60_000).toISOString();
      expect(runs(expression, zone, later, 1)).toEqual([next]);
    }
  });

  it('does not suppress the run right after it', () => {
    for (const during of ['00:30', '01:00', '01:59'])
      expect(runs('0 3 * * *', 'Europe/Berlin', `2026-10-25T${during}:00Z`, 1)).toEqual([
        '2026-10-25T02:00:00Z',
      ]);
  });

  it('runs once for each of several times', () => {
    const quarters = ['00:00', '00:15', '00:30', '00:45'].map((time) => `2026-10-25T${time}:00Z`);
    const expected = [...quarters, '2026-10-26T01:00:00Z'];
    expect(runs('*/15 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 5)).toEqual(expected);
    const hours = ['2026-10-24T23:00:00Z', '2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z'];
    expect(runs('0 1-3 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual(hours);
  });
});

describe('a schedule of every hour', () => {
  const nights = [
    ['Europe/Berlin', '2026-03-28', '2026-10-24'],
    ['America/New_York', '2026-03-07', '2026-10-31'],
    ['America/St_Johns', '2026-03-07', '2026-10-31'],
    ['Africa/Cairo', '2026-04-23', '2026-10-29'],
    ['America/Nuuk', '2026-03-28', '2026-10-24'],
  ] as const;
  const expressions = [
    ['0 * * * *', 60],
    ['@hourly', 60],
    ['7 0-23 * * *', 60],
    ['*/15 * * * *', 15],
    ['3,33 */1 * * *', 30],
  ] as const;
  const cases = nights.flatMap(([zone, ...eves]) =>
    eves.flatMap((eve) => expressions.map(([text, minutes]) => [zone, eve, text, minutes] as const)),
  );

  it.each(cases)('runs evenly when the clock is changed: %s after %s, %s', (zone, eve, text, minutes) => {
    const found = runs(text, zone, `${eve}T12:00:00Z`, (24 * 60) / minutes).map((run) => Date.parse(run));
    const distances = found.slice(1).map((run, index) => run - (found[index] ?? NaN));
    expect([...new Set(distances)]).toEqual([minutes * 60_000]);
  });

  it('runs evenly if the clock changes by half an hour and its interval divides that', () => {
    const schedule = { cron_expression: '*/15 * * * *', timezone: 'Australia/Lord_Howe' };
    const found = nextRuns(schedule, new Date('2026-04-04T12:00:00Z'), 20);
    expect(found.at(-1)?.getTime()).toBe(Date.parse('2026-04-04T12:00:00Z') + 20 * 15 * 60_000);
  });

  it('keeps to the minute of the clock if the clock changes by half an hour', () => {
    expect(runs('0 * * * *', 'Australia/Lord_Howe', '2026-10-03T14:00:00Z', 3)).toEqual([
      '2026-10-03T14:30:00Z', // 01:00
      '2026-10-03T16:00:00Z', // 03:00; 02:00 was skipped
      '2026-10-03T17:00:00Z',
    ]);
  });
});
