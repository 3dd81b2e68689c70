import { nextRun, nextRuns, scheduleFaults, type CronSchedule } from '../../../src/schedule';
import { refusal, schedule } from './runs';

const messages = (cron_expression: unknown, timezone: unknown = null): string[] =>
  scheduleFaults(schedule(cron_expression, timezone)).map(({ message }) => message);

const noon = new Date('2026-11-24T12:00:00Z');

// Without these, an invalid schedule could be stored, and its flows would run never or at the wrong time.
describe('a wrong expression', () => {
  it.each([
    ['undefined', undefined, 'cron_expression must be a text'],
    ['a number', 5, 'cron_expression must be a text'],
    ['an empty text', '', 'cron_expression must not be blank'],
    ['blanks', ' \t ', 'cron_expression must not be blank'],
    ['101 characters', '*'.repeat(101), 'cron_expression must have at most 100 characters, not 101'],
    ['a line break', '0 2 * * *\n', 'cron_expression must not hold the character U+000A'],
    ['a NUL', '0 2 * * \0', 'cron_expression must not hold the character U+0000'],
    ['a blank that is none', '0\u00a02 * * *', 'cron_expression must not hold the character U+00A0'],
    ['a hundred emoji', '😀'.repeat(100), 'cron_expression must not hold the character U+1F600'],
    ['an emoji', '0 2 * * 😀', 'cron_expression must not hold the character U+1F600'],
  ])('is %s', (_, expression, message) => {
    expect(messages(expression)).toEqual([message]);
  });

  it.each([
    ['hello', 1],
    ['2026-11-24T12:00:00', 1],
    ['* * * *', 4],
    ['0 0 2 * * * 2026', 7],
  ])('has too few or too many fields: %s', (expression, count) => {
    expect(messages(expression)).toEqual([
      `cron_expression must have five fields (minute, hour, day of month, month, weekday), or six with the seconds first, not ${count}`,
    ]);
  });

  it.each([
    ['60 * * * * *', 'second', '60'],
    ['60 * * * *', 'minute', '60'],
    ['-1 * * * *', 'minute', '-1'],
    ['1.5 * * * *', 'minute', '1.5'],
    ['12:30 * * * *', 'minute', '12:30'],
    ['*/0 * * * *', 'minute', '*/0'],
    ['*/90 * * * *', 'minute', '*/90'],
    ['/5 * * * *', 'minute', '/5'],
    ['0,/5 * * * *', 'minute', '0,/5'],
    ['99/5 * * * *', 'minute', '99/5'],
    ['0,60/5 * * * *', 'minute', '0,60/5'],
    ['1,,2 * * * *', 'minute', '1,,2'],
    ['1-2-3 * * * *', 'minute', '1-2-3'],
    ['*/5/5 * * * *', 'minute', '*/5/5'],
    ['0 24 * * *', 'hour', '24'],
    ['0 22-6 * * *', 'hour', '22-6'],
    ['0 L * * *', 'hour', 'L'],
    ['0 0 0 * *', 'day of month', '0'],
    ['0 0 32 * *', 'day of month', '32'],
    ['0 0 1 13 *', 'month', '13'],
    ['0 0 1 JANUARY *', 'month', 'JANUARY'],
    ['0 0 * * 8', 'weekday', '8'],
    ['0 0 * * FRI-MON', 'weekday', 'FRI-MON'],
    ['0 0 * * MON#6', 'weekday', 'MON#6'],
    ['0 2 * * * 2026', 'weekday', '2026'],
  ])('has a wrong field, which is named: %s', (expression, name, value) => {
    const start = `cron_expression has a wrong ${name}, "${value}": it takes `;
    expect(messages(expression).map((message) => message.slice(0, start.length))).toEqual([start]);
  });

  it('has all its wrong fields named at once', () => {
    expect(messages('60 24 1 JAN xyz').map((message) => /wrong (.+), "/.exec(message)?.[1])).toEqual([
      'minute',
      'hour',
      'weekday',
    ]);
  });

  it('can be an interval, and the fix is a step', () => {
    const error = refusal(() => nextRun(schedule('@every 5m'), noon));
    expect(error).toMatchObject({
      code: 'SCHEDULE_INVALID',
      message:
        'The schedule is not valid: cron_expression must name times of the clock, not an interval as "@every 5m" does',
      remedy: expect.stringContaining('"*/5 * * * *" is every five minutes'),
    });
  });

  it.each(['@reboot', '@fortnightly', '@', '@daily 5'])('can be an unknown name: %s', (expression) => {
    expect(messages(expression)).toEqual([
      expect.stringContaining('it takes @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly'),
    ]);
  });

  it.each(['TZ=Europe/Berlin 0 2 * * *', 'CRON_TZ=UTC 0 2 * * *'])('names a time zone: %s', (expression) => {
    expect(refusal(() => nextRun(schedule(expression), noon))).toMatchObject({
      message: expect.stringContaining('must not name a time zone'),
      remedy: 'Move the name of the time zone from cron_expression into timezone.',
    });
  });
});

describe('a wrong time zone', () => {
  it.each([
    ['', 'timezone must not be blank: null stands for UTC'],
    [' ', 'timezone must not be blank: null stands for UTC'],
    ['Local', 'timezone must not be "Local": each machine has its own local zone'],
    ['Mars/Olympus_Mons', 'timezone has the unknown name "Mars/Olympus_Mons"'],
    ['Europe/Berlin\n', 'timezone has the unknown name "Europe/Berlin\\n"'],
    ['UTC+1', 'timezone has the unknown name "UTC+1"'],
    ['+02:00', 'timezone must be a name: the offset "+02:00" has no summer time'],
    ['BST', 'timezone must not be the abbreviation "BST": several zones share it'],
    ['ist', 'timezone must not be the abbreviation "ist": several zones share it'],
    [undefined, 'timezone must be the name of a time zone, or null for UTC'],
    [0, 'timezone must be the name of a time zone, or null for UTC'],
  ])('is %j', (timezone, message) => {
    const wrong = { cron_expression: '@daily', timezone } as CronSchedule;
    expect(scheduleFaults(wrong)).toEqual([{ field: 'timezone', message }]);
  });

  it('is refused by its field', () => {
    const error = refusal(() => nextRun(schedule('@daily', 'Local'), noon));
    expect(error).toMatchObject({
      code: 'SCHEDULE_INVALID',
      remedy: expect.stringContaining('"Europe/Berlin"'),
      details: { cron_expression: '@daily', timezone: 'Local', field: 'timezone' },
    });
  });
});

describe('a schedule', () => {
  it('is refused with the faults of both its fields at once', () => {
    const wrong = schedule('@every 5m', 'Local');
    const faults = scheduleFaults(wrong);
    expect(faults.map(({ field }) => field)).toEqual(['cron_expression', 'timezone']);
    const error = refusal(() => nextRuns(wrong, noon, 0));
    expect(error.details).toEqual({ ...wrong, field: 'cron_expression', faults });
    expect(error.message).toBe(
      `The schedule is not valid: ${faults.map(({ message }) => message).join('; ')}`,
    );
    expect(error.remedy).toMatch(/Write the interval as a step.*Set timezone/);
  });

  it('is refused the second time as well', () => {
    expect(refusal(() => nextRun(schedule('nonsense'), noon)).toJSON()).toEqual(
      refusal(() => nextRun(schedule('nonsense'), noon)).toJSON(),
    );
  });

  it.each(['Europe/Berlin', 'europe/berlin', 'US/Eastern', 'EST', 'CET', 'GMT', 'UTC', 'Etc/GMT+5', null])(
    'has nothing wrong in the zone %s',
    (timezone) => {
      expect(scheduleFaults(schedule('30 2 * * *', timezone))).toEqual([]);
    },
  );

  it('is valid although no year has its day', () => {
    expect(scheduleFaults(schedule('0 0 31 2 *'))).toEqual([]);
  });
});
