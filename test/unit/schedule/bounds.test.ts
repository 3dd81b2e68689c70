import { nextRun, nextRuns } from '../../../src/schedule';
import { runs, schedule } from './runs';

// Without these, a claim could find its own run due again, or compute a time that the column cannot store.
describe('the next run', () => {
  it('is strictly after the instant, a fraction of a second included', () => {
    expect(runs('30 2 * * *', null, '2026-11-24T02:29:59.999Z', 1)).toEqual(['2026-11-24T02:30:00Z']);
    expect(runs('30 2 * * *', null, '2026-11-24T02:30:00.000Z', 1)).toEqual(['2026-11-25T02:30:00Z']);
    expect(runs('30 2 * * *', null, '2026-11-24T02:30:00.001Z', 1)).toEqual(['2026-11-25T02:30:00Z']);
    expect(runs('* * * * *', 'Asia/Kathmandu', '2026-11-24T02:30:00.001Z', 1)).toEqual([
      '2026-11-24T02:31:00Z',
    ]);
    expect(runs('* * * * * *', 'Asia/Kathmandu', '2026-11-24T02:30:00.999Z', 1)).toEqual([
      '2026-11-24T02:30:01Z',
    ]);
  });

  it('does not depend on where the process runs', () => {
    // The premise: this process is neither in UTC nor in the schedule's zone
    expect(new Date('2026-11-24T12:00:00Z').getTimezoneOffset()).toBe(210);
    expect(runs('30 2 * * *', null, '2026-11-24T12:00:00Z', 1)).toEqual(['2026-11-25T02:30:00Z']);
    expect(runs('30 2 * * *', 'Asia/Kathmandu', '2026-11-24T12:00:00Z', 1)).toEqual(['2026-11-24T20:45:00Z']);
  });

  it('comes only in leap years for the 29th of February', () => {
    expect(runs('0 0 29 2 *', null, '2026-11-24T00:00:00Z', 9)).toEqual([
      '2028-02-29T00:00:00Z',
      '2032-02-29T00:00:00Z',
      '2036-02-29T00:00:00Z',
    ]);
  });

  it('skips the months that are too short', () => {
    expect(runs('0 0 31 * *', null, '2027-01-31T00:00:00Z', 3)).toEqual([
      '2027-03-31T00:00:00Z',
      '2027-05-31T00:00:00Z',
      '2027-07-31T00:00:00Z',
    ]);
  });

  it.each(['0 0 30 2 *', '0 0 31 2 *', '0 0 31 4,6,9,11 *'])(
    'is never, for a day no year has: %s',
    (never) => {
      expect(nextRun(schedule(never), new Date('2026-11-24T00:00:00Z'))).toBeNull();
      expect(nextRun(schedule(never, 'Europe/Berlin'), new Date('2026-11-24T00:00:00Z'))).toBeNull();
    },
  );

  it.each([null, 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
    'is the last one that a TIMESTAMP holds, or none, in the zone %s',
    (zone) => {
      expect(runs('* * * * * *', zone, '2038-01-19T03:14:05Z', 9)).toEqual([
        '2038-01-19T03:14:06Z',
        '2038-01-19T03:14:07Z',
      ]);
      expect(runs('0 17 * * *', zone, '2038-01-19T03:14:05Z', 9)).toEqual([]);
      expect(runs('* * * * *', zone, '9999-12-31T23:59:59Z', 9)).toEqual([]);
      expect(nextRun(schedule('@daily', zone), new Date(8.64e15))).toBeNull();
    },
  );

  it.each([null, 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
    'is the first one that a TIMESTAMP holds, for any instant before, in the zone %s',
    (zone) => {
      for (const after of ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z'])
        expect(runs('* * * * * *', zone, after, 1)).toEqual(['1970-01-01T00:00:01Z']);
    },
  );

  it('needs a valid date', () => {
    expect(() => nextRun(schedule('@daily'), new Date(NaN))).toThrow('after must be a valid Date');
  });
});

describe('the next runs', () => {
  const noon = new Date('2026-11-24T12:00:00Z');

  it('begin with the next run, and each follows the one before', () => {
    const daily = schedule('@daily', 'Europe/Berlin');
    const [first, second, third, ...more] = nextRuns(daily, noon, 3);
    expect(first).toEqual(nextRun(daily, noon));
    expect(second).toEqual(nextRun(daily, first as Date));
    expect(third).toEqual(nextRun(daily, second as Date));
    expect(more).toEqual([]);
  });

  it('are empty for a count of 0', () => {
    expect(nextRuns(schedule('@daily'), noon, 0)).toEqual([]);
  });

  it.each([-1, 1.5, NaN, Infinity, 10_001])('cannot be asked for with the count %s', (count) => {
    expect(() => nextRuns(schedule('@daily'), noon, count)).toThrow('count must be a whole number');
  });

  it('do not change the given date', () => {
    const after = new Date(noon);
    nextRuns(schedule('@hourly', 'Europe/Berlin'), after, 3);
    expect(after).toEqual(noon);
  });

  it('are not mixed up between many schedules', () => {
    const hours = Array.from({ length: 200 }, (_, index) => index);
    const ask = (): string[] =>
      hours.map((index) => runs(`${index % 60} ${index % 24} * * *`, null, '2026-11-24T00:00:00Z', 1).join());
    expect(ask()).toEqual(ask());
    expect(ask()[67]).toBe('2026-11-24T19:07:00Z');
  });
});
