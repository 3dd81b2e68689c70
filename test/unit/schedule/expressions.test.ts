import { runs } from './runs';

/** A Tuesday. */
const tuesday = '2026-11-24T10:20:30Z';

/** The first runs in UTC after {@link tuesday}, without the parts that all of them share. */
const after = (expression: string, count: number): string[] => runs(expression, null, tuesday, count);

// Without these, an expression could mean one time here and another in the platform's cron.
describe('a cron expression', () => {
  it.each([
    ['* * * * *', ['2026-11-24T10:21:00Z', '2026-11-24T10:22:00Z']],
    ['*/25 * * * *', ['2026-11-24T10:25:00Z', '2026-11-24T10:50:00Z', '2026-11-24T11:00:00Z']],
    ['5/20 10 * * *', ['2026-11-24T10:25:00Z', '2026-11-24T10:45:00Z', '2026-11-25T10:05:00Z']],
    ['10-30/10 10 * * *', ['2026-11-24T10:30:00Z', '2026-11-25T10:10:00Z', '2026-11-25T10:20:00Z']],
    ['0 8-9,22 * * *', ['2026-11-24T22:00:00Z', '2026-11-25T08:00:00Z', '2026-11-25T09:00:00Z']],
    ['30 2 ? * ?', ['2026-11-25T02:30:00Z', '2026-11-26T02:30:00Z']],
    ['0 3 1 JAN,jul *', ['2027-01-01T03:00:00Z', '2027-07-01T03:00:00Z', '2028-01-01T03:00:00Z']],
    ['0 3 * * mon-TUE', ['2026-11-30T03:00:00Z', '2026-12-01T03:00:00Z', '2026-12-07T03:00:00Z']],
    ['0 3 * * 0', ['2026-11-29T03:00:00Z', '2026-12-06T03:00:00Z']],
    ['0 3 * * 7', ['2026-11-29T03:00:00Z', '2026-12-06T03:00:00Z']],
    ['0 3 * * WED/2', ['2026-11-25T03:00:00Z', '2026-11-27T03:00:00Z', '2026-12-02T03:00:00Z']],
    ['0 3 * * SUN-SUN', ['2026-11-29T03:00:00Z', '2026-12-06T03:00:00Z']],
    ['0 3 * * SAT-SUN', ['2026-11-28T03:00:00Z', '2026-11-29T03:00:00Z', '2026-12-05T03:00:00Z']],
    ['0 3 L * *', ['2026-11-30T03:00:00Z', '2026-12-31T03:00:00Z', '2027-01-31T03:00:00Z']],
    ['0 3 15W * *', ['2026-12-15T03:00:00Z', '2027-01-15T03:00:00Z', '2027-02-15T03:00:00Z']],
    ['0 3 * * MON#1', ['2026-12-07T03:00:00Z', '2027-01-04T03:00:00Z']],
    ['0 3 * * FRI#L', ['2026-11-27T03:00:00Z', '2026-12-25T03:00:00Z']],
  ])('of five fields has its usual meaning: %s', (expression, expected) => {
    expect(after(expression, expected.length)).toEqual(expected);
  });

  it.each([
    ['* * * * * *', ['2026-11-24T10:20:31Z', '2026-11-24T10:20:32Z']],
    ['15,45 30 2 * * *', ['2026-11-25T02:30:15Z', '2026-11-25T02:30:45Z', '2026-11-26T02:30:15Z']],
    ['0 */10 * * * MON-FRI', ['2026-11-24T10:30:00Z', '2026-11-24T10:40:00Z']],
  ])('of six fields begins with the seconds: %s', (expression, expected) => {
    expect(after(expression, expected.length)).toEqual(expected);
  });

  it.each([
    ['@hourly', ['2026-11-24T11:00:00Z', '2026-11-24T12:00:00Z']],
    ['@daily', ['2026-11-25T00:00:00Z', '2026-11-26T00:00:00Z']],
    ['@midnight', ['2026-11-25T00:00:00Z', '2026-11-26T00:00:00Z']],
    ['@weekly', ['2026-11-29T00:00:00Z', '2026-12-06T00:00:00Z']],
    ['@monthly', ['2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z']],
    ['@yearly', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['@annually', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['@Daily', ['2026-11-25T00:00:00Z']],
  ])('may be a name: %s', (expression, expected) => {
    expect(after(expression, expected.length)).toEqual(expected);
  });

  it('may have spaces and tabs around and between its fields', () => {
    expect(after('  30\t2  * * * ', 1)).toEqual(['2026-11-25T02:30:00Z']);
  });
});

describe('day of month and weekday', () => {
  it('need not both match if both are restricted', () => {
    expect(after('0 3 1 * THU', 4)).toEqual([
      '2026-11-26T03:00:00Z',
      '2026-12-01T03:00:00Z',
      '2026-12-03T03:00:00Z',
      '2026-12-10T03:00:00Z',
    ]);
  });

  it.each(['0 3 * * THU', '0 3 ? * THU', '0 3 */1 * THU', '0 3 1,* * THU'])(
    'leave it to the weekday where every day of the month will do: %s',
    (expression) => {
      expect(after(expression, 2)).toEqual(['2026-11-26T03:00:00Z', '2026-12-03T03:00:00Z']);
    },
  );

  it.each(['0 3 1 * *', '0 3 1 * ?', '0 3 1 * */1'])(
    'leave it to the day of the month where every weekday will do: %s',
    (expression) => {
      expect(after(expression, 2)).toEqual(['2026-12-01T03:00:00Z', '2027-01-01T03:00:00Z']);
    },
  );

  it('are both restricted if one is a step, as in robfig/cron', () => {
    expect(after('0 3 */10 * MON', 3)).toEqual([
      '2026-11-30T03:00:00Z',
      '2026-12-01T03:00:00Z',
      '2026-12-07T03:00:00Z',
    ]);
  });

  it('must both match if a plus asks for it', () => {
    expect(after('0 3 13 * +FRI', 2)).toEqual(['2027-08-13T03:00:00Z', '2028-10-13T03:00:00Z']);
  });
});
