import { historyTable } from '../migrator';
import { compareTable, describeDifference, type Difference } from '../schema/compare';
import { column, literal, now, table, unique } from '../schema/declare';
import { alterSql, columnSql, indexSql } from '../schema/ddl';
import { quoteName } from '../schema/queryable';
import { statement, type RemedyPart } from '../schema/remedy';
import { named, type Table } from '../schema/shape';

/** The history's table as migrate creates it. */
export const declaredHistory: Table = table(historyTable, {
  columns: [
    { ...column('id', 'int'), extra: 'auto_increment' },
    column('timestamp', 'bigint'),
    column('name', 'varchar(255)'),
    column('applied_at', 'timestamp', { default: now }),
    column('reverting', 'tinyint(1)', { default: literal(0) }),
  ],
  indexes: [unique('uq_flow_migrations_name', 'name')],
});

/** What the history can't do without. Its collation, or a further column, changes nothing of what it says. */
const essential = ['presence', 'type', 'extra', 'engine', 'kind', 'columns', 'unique'];

/** What the live history table lacks. */
export function historyTableFaults(live: Table): Difference[] {
  return compareTable(
    new Map([[historyTable, declaredHistory]]),
    declaredHistory,
    new Map([[historyTable, live]]),
  ).filter(({ property, expected }) => expected !== null && essential.includes(property));
}

export const describeHistoryFault = (fault: Difference): string => describeDifference(fault);

/** What gives the history table what it lacks, once no name is in it twice. */
export function mendHistoryTable(live: Table, faults: readonly Difference[]): RemedyPart[] {
  const changes = new Map<string, string>();
  for (const { object, name, actual } of faults) {
    const [wanted, index] = [named(declaredHistory.columns, name), named(declaredHistory.indexes, name)];
    if (object === 'table') changes.set(name, 'ENGINE=InnoDB');
    if (object === 'column' && wanted !== undefined)
      changes.set(name, `${actual === null ? 'ADD' : 'MODIFY'} ${columnSql(wanted, null)}`);
    if (object === 'primary-key') {
      const drop = live.primaryKey.length === 0 ? '' : 'DROP PRIMARY KEY, ';
      changes.set(name, `${drop}ADD PRIMARY KEY (${declaredHistory.primaryKey.map(quoteName).join(', ')})`);
    }
    if (object === 'index' && index !== undefined)
      changes.set(name, `${actual === null ? '' : `DROP INDEX ${quoteName(name)}, `}ADD ${indexSql(index)}`);
  }
  return changes.size === 0 ? [] : [statement(alterSql(historyTable, ...changes.values()))];
}
