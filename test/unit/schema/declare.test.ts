import * as engine from '../../../src/engine';
import { hostileTitles, hostileValues } from '../../support/hostile-values';
import { fieldsOf, outcomeOf, told } from '../../support/hostile-calls';

const { addForeignKey, addIndex, column, createTable, foreignKey, index, table } = engine;
type Callable = (...values: readonly unknown[]) => unknown;

const id = column('id', 'varchar(36)');
const owner = column('owner', 'varchar(36)');
const byOwner = index('idx_owner', 'owner');
const toOwners = foreignKey('fk_owner', 'owner', { table: 'owners', column: 'id' }, 'CASCADE');
const long = 'x'.repeat(65);

/** A right call of each function that declares a part of a schema, or makes a step of it. */
const right = {
  check: ['chk', 'owner IS NOT NULL'],
  column: ['name', 'varchar(255)', {}],
  enumOf: ['a', "b's"],
  foreignKey: ['fk_owner', 'owner', { table: 'owners', column: 'id' }, 'SET NULL'],
  index: ['idx', 'owner', 'id DESC'],
  literal: [0],
  nullable: ['name', 'text'],
  table: ['t', { columns: [id, owner], indexes: [byOwner] }],
  unique: ['uq', 'owner'],
  addColumn: ['t', owner],
  addForeignKey: ['t', toOwners, byOwner, { replacing: true }],
  addIndex: ['t', byOwner],
  appendEnumValues: ['t', 'kind', { from: ['a'], add: ['b'] }],
  changeColumn: ['t', owner, { ...owner, type: 'varchar(64)' }],
  createTable: [table('t', { columns: [id, owner], indexes: [byOwner] })],
  dropIndex: ['t', byOwner, {}],
  replaceIndex: ['t', byOwner, { ...byOwner, unique: true }],
} as const satisfies Partial<Record<keyof typeof engine, readonly unknown[]>>;
type Name = keyof typeof right;
const names = Object.keys(right) as Name[];
const calling = (name: Name): Callable => engine[name] as Callable;

/** Wrong calls, each with every field that its error names. */
const wrong: readonly (readonly [title: string, call: () => unknown, fields: readonly string[]])[] = [
  ['a name of 65 characters', () => column(long, 'int'), ['name']],
  [
    'an empty name, an unknown type, an unknown option',
    () => column('', 'int(', { nul: 1 } as object),
    ['name', 'type', 'nul'],
  ],
  ['a type that ends its statement', () => column('a', 'int; DROP TABLE t'), ['type']],
  ['a default of a broken text', () => column('a', 'int', { default: "'a'b'" }), ['default']],
  ['no value of an ENUM', () => engine.enumOf(), ['values']],
  ['a backslash', () => engine.enumOf('a', '\\'), ['values[1]']],
  ['an index on nothing', () => index('idx'), ['columns']],
  ['an index on what is no text', () => index('idx', 'a', 1 as never), ['columns[1]']],
  ['a CHECK of nothing', () => engine.check('', ' '), ['name', 'expression']],
  [
    'a key of an unknown rule, to nowhere',
    () => foreignKey('fk', 'a', { table: '' } as never, 'SET DEFAULT'),
    ['to.table', 'to.column', 'onDelete'],
  ],
  [
    'a key whose name leaves no room',
    () => foreignKey('x'.repeat(56), 'a', { table: 't', column: 'id' }, 'CASCADE'),
    ['name'],
  ],
  ['a table without columns', () => table('t', { columns: [] }), ['parts.columns']],
  ['a table without an id', () => table('t', { columns: [owner] }), ['parts.columns']],
  [
    'a table without a column of its own primary key',
    () => table('t', { columns: [id], primaryKey: ['owner'] }),
    ['parts.columns'],
  ],
  ['a primary key of nothing', () => table('t', { columns: [id], primaryKey: [] }), ['parts.primaryKey']],
  [
    'a table with a column twice, and an index on none',
    () => table('t', { columns: [id, id], indexes: [byOwner] }),
    ['parts.columns', 'parts.indexes'],
  ],
  [
    'a table of parts that are none',
    () => table('t', { columns: [id], indexes: [{}] as never }),
    ['parts.indexes[0].name', 'parts.indexes[0].columns', 'parts.indexes[0].unique'],
  ],
  ['a table that is a name', () => createTable('t' as never), ['table']],
  [
    'values that are a text',
    () => engine.appendEnumValues('t', 'kind', { from: 'a', add: [] } as never),
    ['from', 'add'],
  ],
  [
    'a key of two columns',
    () => addForeignKey('t', { ...toOwners, columns: ['a', 'b'] }, byOwner),
    ['key.columns'],
  ],
  [
    'an index that does not begin with the key',
    () => addForeignKey('t', toOwners, index('idx', 'id', 'owner')),
    ['index'],
  ],
  ['the columns of an index, and no name', () => addIndex(long, ['owner'] as never), ['table', 'index']],
];

// Without these, a wrong declaration could become SQL that fails on the server, or does something else.
describe('a function that declares a schema', () => {
  it.each(names)('accepts correct arguments: %s', (name) => {
    expect(() => calling(name)(...right[name])).not.toThrow();
  });

  it.each(wrong)('names all faults: %s', async (_, call, fields) => {
    const found = fieldsOf(await outcomeOf(call));
    expect([...new Set(found)].sort()).toEqual([...fields].sort());
  });

  it('allows a list of indexes to be empty, and says so', () => {
    expect(() => table('t', { columns: [id], indexes: [] })).not.toThrow();
    expect(() => table('t', { columns: [id], indexes: 5 as never })).toThrow(/parts.indexes must be a list$/);
  });

  it.each(names)('throws no other error, whatever its arguments: %s', async (name) => {
    const faults: string[] = [];
    for (const at of right[name].keys())
      for (const title of hostileTitles) {
        const values = (right[name] as readonly unknown[]).with(at, hostileValues[title]);
        const outcome = await outcomeOf(() => calling(name)(...values));
        if (outcome.error !== undefined && fieldsOf(outcome) === null)
          faults.push(`${name}(${at}: ${title}) ${told(outcome)}`);
      }
    expect(faults).toEqual([]);
  });
});
