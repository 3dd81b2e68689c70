import type { Change } from '../../../scripts/migrations/change';
import { typeLoss } from '../../../scripts/migrations/column-loss';
import { withMigration } from '../../../scripts/migrations/migration-list';
import { kebabCase, nameMigration } from '../../../scripts/migrations/migration-name';
import { migrationSource } from '../../../scripts/migrations/migration-source';
import {
  Imports,
  printColumn,
  printForeignKey,
  printIndex,
} from '../../../scripts/migrations/print-declaration';
import { schemaChanges } from '../../../scripts/migrations/schema-changes';
import {
  column,
  enumOf,
  foreignKey,
  index,
  literal,
  now,
  nullable,
  table,
  unique,
  uuid,
} from '../../../src/engine/schema/declare';
import type { Table } from '../../../src/engine/schema/shape';

const schema = (...tables: readonly Table[]): Map<string, Table> =>
  new Map(tables.map((one) => [one.name, one]));

/** Guards names, literals and orders that no entity has today. */
describe('the source of a generated migration', () => {
  it.each([
    ['AddOwner', 'add-owner'],
    ['AddFKToV2Flows', 'add-fk-to-v2-flows'],
    ['X', 'x'],
  ])('of %s is in the file %s', (name, file) => {
    expect(kebabCase(name)).toBe(file);
  });

  it('has a later timestamp than the last migration, even when the clock is behind', () => {
    const existing = ['One1795305600000', 'Two1795305603000'];
    expect(nameMigration('Three', new Date(0), existing).className).toBe('Three1795305604000');
    expect(nameMigration('Three', new Date(1_900_000_000_000), existing)).toEqual({
      className: 'Three1900000000000',
      fileName: '1900000000000-three',
      timestamp: 1_900_000_000_000,
    });
  });

  it.each([
    [nullable('a', 'text'), `nullable("a", "text")`],
    [column('a', 'int', { default: literal(-1) }), `column("a", "int", { default: literal(-1) })`],
    [
      column('a', 'varchar(9)', { default: literal('7') }),
      `column("a", "varchar(9)", { default: literal("7") })`,
    ],
    [
      column('a', 'bigint', { default: "'9007199254740993'" }),
      `column("a", "bigint", { default: literal("9007199254740993") })`,
    ],
    [column('a', 'varchar(9)', { default: "'it''s'" }), `column("a", "varchar(9)", { default: "'it''s'" })`],
    [column('a', 'varchar(64)', { default: uuid }), `column("a", "varchar(64)", { default: uuid })`],
    [
      column('a', 'timestamp', { default: now, onUpdateNow: true, nullable: true }),
      `column("a", "timestamp", { nullable: true, default: now, onUpdateNow: true })`,
    ],
    [column('a', enumOf('x', 'y')), `column("a", enumOf("x", "y"))`],
    [column('a', `enum('it''s')`), `column("a", "enum('it''s')")`],
  ])('writes a column as it is declared', (declared, source) => {
    expect(printColumn(declared, new Imports())).toBe(source);
  });

  it('writes indexes and keys with the options that their short form omits', () => {
    const imports = new Imports();
    expect(printIndex(index('i', 'a', 'b DESC'), imports)).toBe(`index("i", "a", "b DESC")`);
    expect(printIndex({ ...unique('u', 'a'), visible: false }, imports)).toBe(
      `{ ...unique("u", "a"), visible: false }`,
    );
    const prefixed = { ...index('p', 'a'), columns: [{ name: 'a', descending: false, prefix: 9 }] };
    expect(printIndex(prefixed, imports)).toContain('"prefix":9');
    const key = {
      ...foreignKey('k', 'a', { table: 'p', column: 'id' }, 'CASCADE'),
      onUpdate: 'CASCADE' as const,
    };
    expect(printForeignKey(key, imports)).toBe(
      `{ ...foreignKey("k", "a", { table: "p", column: "id" }, "CASCADE"), onUpdate: "CASCADE" }`,
    );
    expect([...imports.declarations].sort()).toEqual(['foreignKey', 'index', 'unique']);
  });

  it('imports only the names that it uses', () => {
    const changes: Change[] = [
      { kind: 'append-enum-values', table: 't', column: 'c', from: ['a'], add: ['b'] },
    ];
    const source = migrationSource(nameMigration('LetItBe', new Date(0), ['One1795305600000']), changes);
    expect(source).not.toContain('schema/declare');
    expect(source.match(/^import .*/gm)).toEqual([
      `import { appendEnumValues } from '../engine/steps/columns';`,
      `import { StepMigration } from './step-migration';`,
    ]);
  });

  it('is added at the end of the list, and never to a list of another form', () => {
    const source = `import { One1795305600000 } from './1795305600000-one';
import type { StepMigration } from './step-migration';

export const migrations: readonly (new () => StepMigration)[] = [One1795305600000];
`;
    const name = nameMigration('Two', new Date(0), ['One1795305600000']);
    expect(() => withMigration(source, name)).toThrow('add the migration by hand');
    const listed = source.replace('[One1795305600000]', '[\n  One1795305600000,\n]');
    expect(withMigration(listed, name)).toBe(`import { One1795305600000 } from './1795305600000-one';
import { Two1795305601000 } from './1795305601000-two';
import type { StepMigration } from './step-migration';

export const migrations: readonly (new () => StepMigration)[] = [
  One1795305600000,
  Two1795305601000,
];
`);
  });
});

/** Guards that each kind of change that loses data is refused, and that no harmless one is. */
describe('the changes between two schemas', () => {
  it.each([
    ['varchar(64)', 'varchar(65)'],
    ['text', 'longtext'],
    ['tinyint(1)', 'int'],
    ['smallint unsigned', 'int'],
    ['decimal(5,2)', 'decimal(7,3)'],
    [`enum('a')`, `enum('a','b')`],
  ])('may change %s into %s', (before, after) => {
    expect(typeLoss(before, after)).toBeNull();
  });

  it.each([
    ['varchar(64)', 'varchar(63)'],
    ['varchar(64)', 'text'],
    ['longtext', 'text'],
    ['int', 'int unsigned'],
    ['int', 'varchar(20)'],
    ['decimal(5,2)', 'decimal(5,3)'],
    ['timestamp', 'datetime'],
    [`enum('a','b')`, `enum('b','a')`],
    [`enum('a','b')`, `enum('a')`],
    [`enum('a','b')`, `enum('c','a','b')`],
    ['json', 'text'],
  ])('may not change %s into %s', (before, after) => {
    expect(typeLoss(before, after)).not.toBeNull();
  });

  it('exclude definitions that TypeORM cannot express', () => {
    const before = table('t', { columns: [column('id', 'int')], indexes: [index('i', 'id DESC')] });
    const after = table('t', { columns: [column('id', 'int')], indexes: [index('i', 'id')] });
    const checked = { ...before, checks: [{ name: 'c', expression: 'id > 0', enforced: true }] };
    expect(schemaChanges(schema(checked), schema(after))).toEqual({ changes: [], refusals: [], hints: [] });
  });

  it('do not take the index that the server made for a key as new when another index serves the key', () => {
    const key = foreignKey('fk', 'p', { table: 'o', column: 'id' }, 'CASCADE');
    const columns = [column('id', 'int'), column('p', 'int')];
    const before = { ...table('t', { columns, indexes: [index('idx_p', 'p', 'id')] }), foreignKeys: [key] };
    const after = { ...table('t', { columns, indexes: [index('fk', 'p')] }), foreignKeys: [key] };
    const { changes, refusals } = schemaChanges(schema(before), schema(after));
    expect(changes).toEqual([]);
    expect(refusals).toMatchObject([{ object: 'index t.idx_p' }]);
  });
});
