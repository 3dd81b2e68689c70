import { check, column, foreignKey, nullable, table } from '../../../src/engine/schema/declare';
import { orphanChoicesFor } from '../../../src/engine/orphans/settle-orphans';
import type { Check, Column } from '../../../src/engine/schema/shape';

const key = foreignKey('fk', 'owner', { table: 'owners', column: 'id' }, 'CASCADE');
const possible = (owner: Column, ...checks: Check[]): string[] => {
  const child = table('things', { columns: [column('id', 'int'), owner], indexes: [], checks });
  return orphanChoicesFor(child, key).flatMap(({ choice, isPossible }) => (isPossible ? [choice] : []));
};
const both = ['null', 'quarantine'];
const owner = nullable('owner', 'int');

/** Guards that no offered choice would be refused by the server or a CHECK. */
describe('the choices for orphans', () => {
  it.each<[string, string[], Column, Check[]]>([
    ['a column that may be NULL', both, owner, []],
    ['a column that must not', ['quarantine'], column('owner', 'int'), []],
    ['a generated column', ['quarantine'], { ...owner, extra: 'stored generated' }, []],
    ['a CHECK that names it', ['quarantine'], owner, [check('c', '`Owner` is not null or `id` > 1')]],
    ['a CHECK without backticks', ['quarantine'], owner, [check('c', 'id > 1 or owner > 2')]],
    [
      'a CHECK that is not enforced',
      ['quarantine'],
      owner,
      [{ ...check('c', '`owner` > 0'), enforced: false }],
    ],
    ['a CHECK of another column', both, owner, [check('c', '`owner_id` > 0')]],
    ['a CHECK with its name as a text', both, owner, [check('c', "`kind` = 'owner'")]],
    ['a CHECK that is not understood', ['quarantine'], owner, [check('c', '`owner` ~~ ?')]],
  ])('with %s', (_what, expected, of, checks) => {
    expect(possible(of, ...checks)).toEqual(expected);
  });

  it('say what each would do, and why one is impossible', () => {
    const child = table('things', { columns: [column('id', 'int'), column('owner', 'int')] });
    expect(orphanChoicesFor(child, key)).toEqual([
      expect.objectContaining({
        does: expect.stringContaining('owner to NULL'),
        why: 'things.owner must not be NULL',
      }),
      expect.objectContaining({ does: expect.stringContaining('into quarantine'), why: null }),
    ]);
    expect(orphanChoicesFor({ ...child, primaryKey: [] }, key).map(({ why }) => why)).toEqual([
      'things has no primary key',
      'things has no primary key',
    ]);
  });
});
