import { compareTable, type Difference } from '../schema/compare';
import { rowFormatSql } from '../schema/ddl';
import { checkChanges } from './check-changes';
import { columnChanges, type Comments } from './column-changes';
import { indexChanges, retiredDifferences } from './index-changes';
import { objectOf, type RepairTarget, type TableChange } from './repair';

/** Engine, and the charset that new columns get. */
function settingChanges({ table }: RepairTarget, differences: readonly Difference[]): TableChange[] {
  const ofTable = differences.filter(({ object }) => object === 'table');
  const engine = ofTable.filter(({ property }) => property === 'engine');
  const rows = ofTable.filter(({ property }) => property === 'row-format');
  const text = ofTable.filter(({ property }) => property === 'charset' || property === 'collation');
  const changes: TableChange[] = [];
  if (engine.length > 0) {
    const clause = `ENGINE=${table.engine}, ${rowFormatSql}`;
    changes.push({ clause, what: `make it ${table.engine}`, copies: true, differences: engine });
  }
  if (rows.length > 0) {
    const what = 'store its rows so that long columns can be indexed';
    changes.push({ clause: rowFormatSql, what, copies: false, differences: rows });
  }
  if (text.length > 0) {
    const clause = `DEFAULT CHARACTER SET ${table.charset} COLLATE ${table.collation}`;
    changes.push({ clause, what: 'change its default charset', copies: false, differences: text });
  }
  return changes;
}

/** What differs from the declared table, foreign keys excepted, and what migrating it would have taken away. */
export function repairableDifferences(target: RepairTarget): Difference[] {
  return [...compareTable(target.declared, target.table, target.live), ...retiredDifferences(target)];
}

/**
 * Everything about a live table's definition that is to change, foreign keys excepted: from the same comparison that
 * `verify` makes. Pure; none where it is as declared.
 *
 * @param comments of the live columns
 * @param decided objects that are left alone, as {@link objectOf} names them
 */
export function tableChanges(
  target: RepairTarget,
  comments: Comments,
  decided: ReadonlySet<string> = new Set(),
): TableChange[] {
  const differences = repairableDifferences(target).filter((one) => !decided.has(objectOf(one)));
  const columns = columnChanges(target, differences, comments);
  const modified = columns
    .filter(({ clause }) => clause.startsWith('MODIFY'))
    .map((change) => change.differences[0]?.name ?? '');
  return [
    ...columns,
    ...settingChanges(target, differences),
    ...indexChanges(target, differences),
    ...checkChanges(target, differences, new Set(modified)),
  ];
}
