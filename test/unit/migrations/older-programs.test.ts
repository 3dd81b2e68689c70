import type { Change } from '../../../scripts/migrations/change';
import { breakingText, newValueHints } from '../../../scripts/migrations/older-programs';
import { migrationList } from '../../../src/migrations';
import {
  column,
  enumOf,
  foreignKey,
  index,
  literal,
  nullable,
  table,
  unique,
} from '../../../src/engine/schema/declare';

const key = (onDelete: 'CASCADE' | 'SET NULL' | 'RESTRICT') =>
  foreignKey('fk_flows_owner', 'owner_id', { table: 'owners', column: 'id' }, onDelete);
const addKey = (onDelete: 'CASCADE' | 'SET NULL' | 'RESTRICT'): Change => ({
  kind: 'add-foreign-key',
  table: 'flows',
  key: key(onDelete),
  index: index('idx_owner', 'owner_id'),
});
const addOwner: Change = { kind: 'add-column', table: 'flows', column: nullable('owner_id', 'varchar(64)') };
const change = (before: ReturnType<typeof column>, after: ReturnType<typeof column>): Change => ({
  kind: 'change-column',
  table: 'flows',
  before,
  after,
});

/** Without these, a generated migration could miss a break of older programs, or warn without a reason. */
describe('the statement of a generated migration about programs of the previous release', () => {
  it.each<[string, Change[]]>([
    [
      'a new table',
      [{ kind: 'create-table', table: table('tags', { columns: [column('id', 'int')], indexes: [] }) }],
    ],
    ['a column that may be NULL', [addOwner]],
    [
      'a column with a default',
      [{ kind: 'add-column', table: 'flows', column: column('p', 'int', { default: literal(5) }) }],
    ],
    ['an index', [{ kind: 'add-index', table: 'flows', index: index('idx_owner', 'owner_id') }]],
    ['an index less', [{ kind: 'drop-index', table: 'flows', index: unique('uq_owner', 'owner_id') }]],
    ['a key on a column that they do not know', [addOwner, addKey('SET NULL')]],
    [
      'values at the end of an ENUM',
      [{ kind: 'append-enum-values', table: 'flows', column: 's', from: ['a'], add: ['b'] }],
    ],
    ['a longer column', [change(column('name', 'varchar(64)'), column('name', 'varchar(99)'))]],
  ])('%s breaks no such program', (_what, changes) => {
    expect(breakingText(changes)).toBe(false);
  });

  it.each<[string, Change[], string]>([
    [
      'a column that may not be NULL any more',
      [change(nullable('name', 'text'), column('name', 'text'))],
      'they write NULL into flows.name',
    ],
    [
      'a unique index',
      [{ kind: 'add-index', table: 'flows', index: unique('uq_owner', 'owner_id', 'name') }],
      'they write rows that share owner_id, name of flows',
    ],
    [
      'an index that becomes unique',
      [
        {
          kind: 'replace-index',
          table: 'flows',
          before: index('idx_owner', 'owner_id'),
          after: unique('idx_owner', 'owner_id'),
        },
      ],
      'which idx_owner refuses (1062)',
    ],
    ['a key on a column that they write', [addKey('CASCADE')], 'which fk_flows_owner refuses (1452)'],
    [
      'a key that keeps parents',
      [addOwner, addKey('RESTRICT')],
      'they delete rows of owners that flows names',
    ],
  ])('%s breaks such programs, and leaves a text to be finished', (_what, changes, words) => {
    const text = breakingText(changes);
    expect(text).toContain(words);
    expect(text).toContain('TODO');
  });

  it('a change that they meet only when a newer program writes becomes a hint', () => {
    const hints = newValueHints([
      { kind: 'append-enum-values', table: 'flows', column: 's', from: ['a'], add: ['b'] },
      change(column('name', 'varchar(64)'), column('name', 'varchar(99)')),
      change(column('name', 'text'), nullable('name', 'text')),
      change(column('p', 'int', { default: literal(1) }), column('p', 'int', { default: literal(2) })),
      change(column('t', enumOf('a')), column('t', enumOf('a', 'b'), { default: literal('b') })),
      addOwner,
    ]);
    expect(hints.map((hint) => hint.replace(/, which.*/, ''))).toEqual([
      'flows.s: older programs read b',
      'flows.name: older programs read what needs varchar(99)',
      'flows.name: older programs read NULL',
      'flows.t: older programs read a new value',
    ]);
  });
});

/** Without this, an operator could read an unfinished text before a deployment. */
it('no migration of this package has an unfinished text about older programs', () => {
  expect(migrationList.map(({ breaking }) => breaking)).toEqual(
    expect.not.arrayContaining([expect.stringContaining('TODO')]),
  );
});
