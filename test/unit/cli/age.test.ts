import { parseAge } from '../../../src/cli/options';

const dayMs = 24 * 60 * 60_000;
const now = Date.UTC(2026, 0, 2);

/** Guards that an age means what its author expects: a wrong age deletes rows that nobody wanted to lose. */
describe('an age', () => {
  it.each([
    ['1m', 60_000],
    ['30m', 30 * 60_000],
    ['36h', 1.5 * dayMs],
    ['90d', 90 * dayMs],
    ['090d', 90 * dayMs],
    ['12w', 84 * dayMs],
  ])('%s is a number of milliseconds', (text, expected) => {
    expect(parseAge(text, now)).toBe(expected);
  });

  it.each([
    ...['', '0d', '000w', '-90d', '+90d', '90', 'd', '90 d', ' 90d', '90d ', '1.5d', '1e3d', '0x10d', '٩d'],
    ...['90D', '90M', '2y', '3mo', '90days', '1w2d', 'ninety', '90d\n', 'Infinityd', 'NaNd'],
  ])('%p is refused, and the error lists the accepted forms', (text) => {
    expect(() => parseAge(text, now)).toThrow(
      'It must be a whole number from 1 and its unit: 30m (minutes), 36h (hours), 90d (days) or 12w (weeks).',
    );
  });

  it('reaches back to the earliest time that a column can store, and no further', () => {
    expect(new Date(now - parseAge('20454d', now)).getUTCFullYear()).toBe(1970);
    const refusal = 'it must be at most 20454d.';
    for (const text of ['20455d', '2923w', '999999999999w', `${'9'.repeat(400)}m`]) {
      expect(() => parseAge(text, now)).toThrow(refusal);
    }
  });
});
