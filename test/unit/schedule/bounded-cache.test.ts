import { BoundedCache } from '../../../src/schedule/bounded-cache';

// Without these, a process with many schedules could grow without end, or compute the same value every time.
describe('a bounded cache', () => {
  const make = jest.fn((key: string) => key.toUpperCase());
  const ask = (cache: BoundedCache<string>, key: string): string => cache.get(key, () => make(key));
  beforeEach(() => make.mockClear());

  it('computes a value once', () => {
    const cache = new BoundedCache<string>(2);
    expect([ask(cache, 'a'), ask(cache, 'a')]).toEqual(['A', 'A']);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('evicts the least recently used value, and no more than needed', () => {
    const cache = new BoundedCache<string>(2);
    for (const key of ['a', 'b', 'a', 'c']) ask(cache, key);
    make.mockClear();
    for (const key of ['a', 'c', 'b']) ask(cache, key);
    expect(make.mock.calls).toEqual([['b']]);
  });

  it('does not remember a value whose computation failed', () => {
    const cache = new BoundedCache<string>(2);
    const fail = (): never => {
      throw new Error('not now');
    };
    expect(() => cache.get('a', fail)).toThrow('not now');
    expect(ask(cache, 'a')).toBe('A');
  });
});
