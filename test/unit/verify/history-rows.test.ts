import {
  disorderedRows,
  insertRows,
  mistimedRows,
  repeatedRows,
  unknownRows,
  type HistoryRow,
} from '../../../src/engine/history/history';
import { remedyText } from '../../../src/engine/steps/remedy';

const known = ['A1795305600000', 'B1795305601000', 'C1795305602000'];
const row = (id: number, name: string, timestamp = Number(name.slice(-13))): HistoryRow => ({
  id,
  name,
  timestamp,
  reverting: false,
});
const whole = known.map((name, at) => row(at + 1, name));

const names = { package: 'shop', command: 'shop', table: 'shop_migrations' };

// Without these, a history that misleads TypeORM could count as right.
describe('the rows of the history', () => {
  it('are right as migrate writes them, also with gaps', () => {
    const gaps = known.map((name, at) => row(at * 7 + 3, name));
    for (const rows of [whole, gaps]) {
      expect(
        [
          unknownRows(names, rows, known),
          repeatedRows(names, rows),
          mistimedRows(names, rows, known),
          disorderedRows(names, rows, known),
        ].flat(),
      ).toEqual([]);
    }
  });

  it('that are missing are restored between their neighbours if there is room', () => {
    const inserts = (rows: HistoryRow[], missing: string[]): string =>
      remedyText(insertRows(names, missing, rows, known));
    expect(inserts([whole[0]!, whole[2]!], [known[1]!])).toContain(
      "(id, timestamp, name) VALUES (2, 1795305601000, 'B1795305601000')",
    );
    expect(inserts([row(1, known[0]!), row(2, known[2]!)], [known[1]!])).toContain(
      '(timestamp, name) VALUES (1795305601000',
    );
    expect(inserts(whole.slice(0, 2), [known[2]!])).toContain('(timestamp, name)');
  });

  it('that are duplicate, unknown, mistimed or in another order are found', () => {
    expect(repeatedRows(names, [...whole, row(9, known[0]!)])[0]?.summary).toContain(known[0]);
    expect(unknownRows(names, [...whole, row(9, 'Z1795305609000')], known)[0]?.summary).toContain(
      'Z1795305609000',
    );
    expect(mistimedRows(names, [row(1, known[0]!, 5)], known)[0]?.summary).toContain('timestamp 5');
    expect(disorderedRows(names, [row(1, known[1]!), row(2, known[0]!)], known)).toHaveLength(1);
  });
});
