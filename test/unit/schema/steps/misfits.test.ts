import { column, enumOf, nullable } from '../../../../src/engine/schema/declare';
import { integerRange } from '../../../../src/engine/schema/column-type';
import { misfitCondition } from '../../../../src/engine/steps/columns';

/** Without these, a narrowing change of some type could have no guard. */
describe('the values that a column would not take', () => {
  it.each([
    ['NULL', nullable('c', 'int'), column('c', 'int'), '`c` IS NULL'],
    ['long texts', column('c', 'varchar(9)'), column('c', 'varchar(5)'), 'CHAR_LENGTH(`c`) > 5'],
    ['texts of many bytes', column('c', 'mediumtext'), column('c', 'text'), 'LENGTH(`c`) > 65535'],
    ['great numbers', column('c', 'int'), column('c', 'tinyint'), '`c` NOT BETWEEN -128 AND 127'],
    ['values of an ENUM', column('c', enumOf('a', 'b')), column('c', enumOf('a')), "`c` NOT IN ('a')"],
    [
      'two kinds at once',
      nullable('c', 'varchar(9)'),
      column('c', 'varchar(5)'),
      '`c` IS NULL OR CHAR_LENGTH(`c`) > 5',
    ],
    [
      'none, where only the default changes',
      column('c', 'int'),
      column('c', 'int', { default: "'1'" }),
      null,
    ],
  ])('are %s', (_what, from, to, condition) => {
    expect(misfitCondition(from, to)).toBe(condition);
  });

  it.each([
    ['tinyint(1)', -128n, 127n],
    ['smallint unsigned', 0n, 65_535n],
    ['mediumint', -8_388_608n, 8_388_607n],
    ['bigint unsigned', 0n, 18_446_744_073_709_551_615n],
  ])('%s holds %s to %s', (type, least, greatest) => {
    expect(integerRange(type)).toEqual({ least, greatest });
  });

  it('are not searched by range in a type that is not an integer', () => {
    expect(integerRange('decimal(5,2)')).toBeNull();
    expect(integerRange('varchar(5)')).toBeNull();
  });
});
