import { declaredSchema } from '../../../src/migrations';
import { compareForeignKeys, compareTable, describeDifference } from '../../../src/engine/schema/compare';
import { column, foreignKey, table } from '../../../src/engine/schema/declare';
import { expectedText } from '../../../src/engine/schema/ddl';
import { withTable, type Schema, type Table } from '../../../src/engine/schema/shape';

const settle = (one: Table): Table => ({
  ...one,
  columns: one.columns.map((each) => ({
    ...each,
    ...expectedText(new Map(), { ...one, foreignKeys: [] }, each, new Map()),
  })),
});
const live: Schema = new Map([...declaredSchema].map(([name, one]) => [name, settle(one)]));
const flows = declaredSchema.get('protection_flows')!;

const differences = (change: (one: Table) => Table): string[] => {
  const changed = withTable(live, 'protection_flows', change);
  return compareTable(declaredSchema, flows, changed).map(describeDifference);
};
const keyDifferences = (schema: Schema): string[] =>
  compareForeignKeys(flows, schema).map(describeDifference);
const parents = ['replication_schedules', 'backup_repositories', 'backup_policies'].map(
  (name): [string, Table] => [name, table(name, { columns: [column('id', 'varchar(64)')] })],
);
const withParents: Schema = new Map([...live, ...parents]);
const addKey = (schema: Schema, key: Table['foreignKeys'][number]): Schema =>
  withTable(schema, 'protection_flows', (one) => ({ ...one, foreignKeys: [...one.foreignKeys, key] }));
const to = (name: string) => ({ table: name, column: 'id' });

// Without these, a difference could stay unreported, or a harmless addition could be reported.
describe('comparing', () => {
  it('finds nothing in a schema that is as declared, or that has an extra nullable column or plain index', () => {
    expect(differences((one) => one)).toEqual([]);
    expect(
      differences((one) => ({
        ...one,
        columns: [...one.columns, { ...one.columns[2]!, name: 'more' }],
        indexes: [...one.indexes, { ...one.indexes[1]!, name: 'more' }],
      })),
    ).toEqual([]);
  });

  it('names the object, the expected and the actual shape', () => {
    expect(differences((one) => ({ ...one, special: 'partitioned', primaryKey: ['id(10)'] }))).toEqual([
      'table protection_flows: kind is partitioned, not an ordinary table',
      'primary key protection_flows.PRIMARY: columns is id(10), not id',
    ]);
  });

  it('distinguishes a key that waits for its parent, a lost key, and a key that lost its parent', () => {
    const without = withTable(live, 'protection_flows', (one) => ({ ...one, foreignKeys: [] }));
    expect(keyDifferences(without)).toEqual([]);
    expect(keyDifferences(new Map([...without, ...parents]))).toHaveLength(3);
    expect(keyDifferences(withParents)).toEqual([]);
    expect(keyDifferences(live)).toHaveLength(3);
  });

  it('reports an extra key on a declared column, unless it does the same as a declared key', () => {
    const twin = foreignKey('twin', 'policy_id', to('backup_policies'), 'SET NULL');
    expect(keyDifferences(addKey(withParents, twin))).toEqual([]);
    expect(keyDifferences(addKey(withParents, { ...twin, onDelete: 'CASCADE' }))[0]).toContain(
      'twin is not declared',
    );
    expect(
      keyDifferences(addKey(withParents, { ...twin, columns: ['tenant'], onDelete: 'CASCADE' })),
    ).toEqual([]);
  });
});
