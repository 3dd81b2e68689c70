import { compareTable, type Difference } from '../compare';
import { checkChanges } from './check-changes';
import { columnChanges, type Comments } from './column-changes';
import { indexChanges } from './index-changes';
import { objectOf, type RepairTarget, type TableChange } from './repair';

/** Engine, and the charset that new columns get. */
function settingChanges({ table }: RepairTarget, differences: readonly Difference[]): TableChange[] {
  const ofTable = differences.filter(({ object }) => object === 'table');
  const engine = ofTable.filter(({ property }) => property === 'engine');
  const text = ofTable.filter(({ property }) => property === 'charset' || property === 'collation');
  const changes: TableChange[] = [];
  if (engine.length > 0) {
    const clause = `ENGINE=${table.engine}`;
    changes.push({ clause, what: `make it ${table.engine}`, copies: true, differences: engine });
  }
  if (text.length > 0) {
    const clause = `DEFAULT CHARACTER SET ${table.charset} COLLATE ${table.collation}`;
    changes.push({ clause, what: 'change its default charset', copies: false, differences: text });
  }
  return changes;
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
  const differences = compareTable(target.declared, target.table, target.live).filter(
    (one) => !decided.has(objectOf(one)),
  );
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
