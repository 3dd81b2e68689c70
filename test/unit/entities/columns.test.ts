import { Between, In, LessThan, Not } from 'typeorm';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers';
import { exactNumber, wholeSeconds } from '../../../src/entities/columns';

const fraction = new Date('2025-10-09T12:00:00.700Z');
const whole = new Date('2025-10-09T12:00:00Z');
const { to, from } = exactNumber('bytes_transferred');
const written = (value: unknown) => (to(value) as { toSqlString(): string }).toSqlString();

// Without these, times would be stored up to half a second in the future, and big counts a little wrong.
describe('a timestamp column', () => {
  it('is written in whole seconds, truncated', () => {
    expect(wholeSeconds.to(fraction)).toEqual(whole);
  });

  it('does not change the date of the caller', () => {
    wholeSeconds.to(fraction);
    expect(fraction.getMilliseconds()).toBe(700);
  });

  it.each([[null], [undefined], ['2025-10-09 12:00:00']])('passes %p on', (value) =>
    expect(wholeSeconds.to(value)).toBe(value),
  );

  it('compares at whole seconds, whatever the operator', () => {
    const applied = (operator: unknown) => ApplyValueTransformers.transformTo(wholeSeconds, operator);
    expect(applied(LessThan(fraction)).value).toEqual(whole);
    expect(applied(Not(LessThan(fraction))).value).toEqual(whole);
    expect(applied(Between(fraction, fraction)).value).toEqual([whole, whole]);
    expect(applied(In([fraction])).value).toEqual([whole]);
  });

  it('refuses an invalid date, which mysql2 would write as NULL, when the statement is built', () => {
    const value = wholeSeconds.to(new Date('nonsense')) as { toSqlString(): string };
    expect(() => value.toSqlString()).toThrow(RangeError);
  });
});

describe('a bigint column', () => {
  it.each([
    ['0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    [5, 5],
    [12n, 12],
  ])('reads %p as %p', (stored, value) => expect(from(stored)).toBe(value));

  it.each([[null], [undefined]])('reads %p as it is', (value) => expect(from(value)).toBe(value));

  it('throws on reading more than a number holds exactly, and names the column', () => {
    expect(() => from('9007199254740992')).toThrow(RangeError);
    expect(() => from('9007199254740992')).toThrow(/^bytes_transferred is 9007199254740992/);
  });

  it('writes what a number holds exactly', () => {
    expect(to(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(to(null)).toBe(null);
  });

  it.each([[Number.MAX_SAFE_INTEGER + 1], [1.5], [NaN], [2n ** 60n]])(
    'throws on writing %p when the statement is made',
    (value) => expect(() => written(value)).toThrow(RangeError),
  );
});
