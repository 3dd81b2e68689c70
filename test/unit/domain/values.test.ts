import { isJsonValue, isPlainObject, isStorableTimestamp, toWholeSecond } from '../../../src/domain';

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

// Without these, the database could store another value than the given one.
describe('a JSON value', () => {
  it.each([
    [null],
    [''],
    [0],
    [false],
    [[]],
    [{}],
    [{ a: [1, 'two', null, { b: true }] }],
    [{ a: undefined }],
  ])('is %j', (value) => expect(isJsonValue(value)).toBe(true));

  it.each([
    ['NaN, which JSON writes as null', { a: NaN }],
    ['a bigint', { a: 1n }],
    ['a date, which comes back as text', { a: new Date() }],
    ['a function', { a: () => 1 }],
    ['a Map', new Map()],
    ['undefined in a list', [undefined]],
  ])('is not %s', (_, value) => expect(isJsonValue(value)).toBe(false));

  it('is nested 31 levels deep at most, which is the limit of MariaDB', () => {
    expect(isJsonValue(nested(31))).toBe(true);
    expect(isJsonValue(nested(32))).toBe(false);
  });

  it('has no cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(isJsonValue(cycle)).toBe(false);
  });
});

describe('a plain object', () => {
  it.each([[{}], [Object.create(null)], [JSON.parse('{"__proto__": 1}')]])('is %p', (value) =>
    expect(isPlainObject(value)).toBe(true),
  );
  it.each([[[]], [null], [new Date()], ['{}'], [new (class Named {})()]])('is not %p', (value) =>
    expect(isPlainObject(value)).toBe(false),
  );
});

describe('a timestamp', () => {
  it('loses its fraction of a second, and is never rounded up', () => {
    expect(toWholeSecond(new Date('2025-10-09T12:00:00.999Z'))).toEqual(new Date('2025-10-09T12:00:00Z'));
  });

  it('can be stored from 1970-01-01 00:00:01 to 2038-01-19 03:14:07', () => {
    expect(isStorableTimestamp(new Date('1970-01-01T00:00:01Z'))).toBe(true);
    expect(isStorableTimestamp(new Date('1970-01-01T00:00:00.999Z'))).toBe(false);
    expect(isStorableTimestamp(new Date('2038-01-19T03:14:07.999Z'))).toBe(true);
    expect(isStorableTimestamp(new Date('2038-01-19T03:14:08Z'))).toBe(false);
  });

  it('is a Date, and a valid one', () => {
    expect(isStorableTimestamp(new Date('nonsense'))).toBe(false);
    expect(isStorableTimestamp('2025-10-09T12:00:00Z')).toBe(false);
    expect(isStorableTimestamp(1760011200000)).toBe(false);
  });
});
