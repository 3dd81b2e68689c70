import { compareTable, type Difference } from '../schema/compare';
import { column, literal, now, nullable, table, unique } from '../schema/declare';
import { alterSql, columnSql, createTableSql, indexSql } from '../schema/ddl';
import { quoteName } from '../server/queryable';
import { named, type Table } from '../schema/shape';

/** A row's number, as it was up to the release that dropped the sign, and as it is. */
export const historyId = {
  signed: { ...column('id', 'int'), extra: 'auto_increment' },
  unsigned: { ...column('id', 'int unsigned'), extra: 'auto_increment' },
} as const;

/** The one definition of the history's table; its first three columns are those of TypeORM's own. */
export const declaredHistory = (name: string): Table =>
  table(name, {
    columns: [
      /** The row's number. */
      historyId.unsigned,
      /** The number at the end of the migration's name: the order of the migrations. */
      column('timestamp', 'bigint'),
      /** The migration's name. */
      column('name', 'varchar(255)'),
      /** When it was applied. */
      column('applied_at', 'timestamp', { default: now }),
      /** 1 while its rollback is under way, or died: the next rollback goes on from there. */
      column('reverting', 'tinyint(1)', { default: literal(0) }),
      /** The process and host that applied it. Null: not recorded. */
      nullable('applied_by', 'varchar(255)'),
      /** The release of the package that applied it. Null: not recorded. */
      nullable('package_version', 'varchar(64)'),
      /** How long it took, in milliseconds. Null: not recorded. */
      nullable('duration_ms', 'int unsigned'),
      /** Which programs of the previous release fail after it; '' where none does. Null: not recorded. */
      nullable('breaking', 'text'),
    ],
    indexes: [
      /** A migration is recorded once. */
      unique('uq_flow_migrations_name', 'name'),
    ],
  });

/** Creates the table. */
export const createHistorySql = (name: string): string => createTableSql(declaredHistory(name));

/** What the history can't do without. Its collation, or a further column, changes nothing of what it says. */
const essential = ['presence', 'type', 'extra', 'engine', 'kind', 'row-format', 'columns', 'unique'];

/** What the live table lacks. A sign of the id is none of it: a migration drops that, and its undoing brings it back. */
export function historyTableFaults(live: Table): Difference[] {
  const declared = declaredHistory(live.name);
  const schema = (of: Table) => new Map([[live.name, of]]);
  return compareTable(schema(declared), declared, schema(live)).filter(
    ({ property, name, expected, actual }) =>
      expected !== null &&
      essential.includes(property) &&
      !(name === 'id' && property === 'type' && actual === historyId.signed.type),
  );
}

/** The statement that gives the table what it lacks; none where that is nothing. No name may be in it twice. */
export function mendHistorySql(live: Table, faults: readonly Difference[]): string[] {
  const declared = declaredHistory(live.name);
  const changes = new Map<string, string>();
  for (const { object, name, property, actual } of faults) {
    const [wanted, index] = [named(declared.columns, name), named(declared.indexes, name)];
    if (object === 'table' && (property === 'engine' || property === 'row-format'))
      changes.set(name, 'ENGINE=InnoDB, ROW_FORMAT=DYNAMIC');
    if (object === 'column' && wanted !== undefined)
      changes.set(name, `${actual === null ? 'ADD' : 'MODIFY'} ${columnSql(wanted, null)}`);
    if (object === 'primary-key') {
      const drop = live.primaryKey.length === 0 ? '' : 'DROP PRIMARY KEY, ';
      changes.set(name, `${drop}ADD PRIMARY KEY (${declared.primaryKey.map(quoteName).join(', ')})`);
    }
    if (object === 'index' && index !== undefined)
      changes.set(name, `${actual === null ? '' : `DROP INDEX ${quoteName(name)}, `}ADD ${indexSql(index)}`);
  }
  return changes.size === 0 ? [] : [alterSql(live.name, ...changes.values())];
}
