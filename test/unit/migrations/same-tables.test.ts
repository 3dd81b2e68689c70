import { sameTables, unguardedKeys } from '../../../scripts/migrations/same-tables';
import { column, foreignKey, index, nullable, table } from '../../../src/engine/schema/declare';
import { unguardedColumns } from '../../../src/engine/schema/guarded-columns';
import type { Index, Schema, Table } from '../../../src/engine/schema/shape';

const history = index('idx_history', 'flow_id', 'made_at');
const begun = index('idx_begun', 'flow_id', 'begun_at');
const status = index('idx_status', 'flow_id', 'status');
const kind = index('idx_kind', 'kind', 'made_at');
const kindBegun = index('idx_kind_begun', 'kind', 'begun_at');

/** A table as the catalog shows it on MySQL, with the indexes in the order given. */
function runs(...indexes: Index[]): Table {
  const columns = [
    column('id', 'int'),
    column('flow_id', 'int'),
    column('kind', 'int'),
    column('made_at', 'timestamp'),
    nullable('begun_at', 'timestamp'),
    column('status', 'int'),
  ];
  const unguarded = unguardedColumns(columns, indexes);
  const foreignKeys = [foreignKey('fk_flow', 'flow_id', { table: 'flows', column: 'id' }, 'CASCADE')];
  const weak = unguarded.length === 0 ? {} : { unguarded };
  return { ...weak, ...table('runs', { columns, indexes }), foreignKeys };
}
const schema = (one: Table): Schema => new Map([[one.name, one]]);
const isSame = (left: Table, right: Table): boolean => sameTables(schema(left), schema(right));

/** Without these, a migration that only moves an index is refused on MySQL, or one that weakens a key is written. */
describe('tables before and after', () => {
  it.each<[string, Index[], Index[]]>([
    ['an index without a key goes behind', [kind, kindBegun, history], [kindBegun, history, kind]],
    ['an index goes behind the one that guards', [history, begun, status], [history, status, begun]],
    ['another index guards', [history, begun, status], [status, begun, history]],
  ])('are the same if %s', (_what, before, after) => {
    expect(isSame(runs(...before), runs(...after))).toBe(true);
  });

  it.each<[string, Index[]]>([
    ['an index that weakens a key comes first', [begun, history, status]],
    ['an index is gone', [history, begun]],
    ['an index has other columns', [history, begun, index('idx_status', 'flow_id', 'kind')]],
    ['an index is hidden from the optimizer', [history, begun, { ...status, visible: false }]],
  ])('differ if %s', (_what, after) => {
    expect(isSame(runs(history, begun, status), runs(...after))).toBe(false);
  });

  it('are the same in whatever order a catalog lists them', () => {
    const others = table('flows', { columns: [column('id', 'int')], indexes: [] });
    const all: [string, Table][] = [runs(history), others].map((one) => [one.name, one]);
    expect(sameTables(new Map(all), new Map(all.reverse()))).toBe(true);
  });

  it('that differ by an index name the keys that the index weakens', () => {
    expect(unguardedKeys(runs(begun, history))).toEqual(['fk_flow']);
    expect(unguardedKeys(runs(history, kindBegun, begun))).toEqual([]);
  });
});
