import { columnType, isText } from '../schema/column-type';
import {
  altering,
  columnSql,
  copying,
  copyingOnline,
  indexSql,
  online,
  type Statement,
  type TextSettings,
} from '../schema/ddl';
import { tokensOf } from '../schema/expression';
import type { Column, Index, Table } from '../schema/shape';
import { errnoOf, quoteName } from '../server/queryable';
import type { Server } from '../server/server';
import { alterTable, canCopyOnline, isNotOnline } from './alter-table';
import type { StepContext } from './step';

/** A column to change in place. */
export interface ColumnChange {
  readonly from: Column;
  /** The new definition, with charset and collation. */
  readonly to: Column;
}

/** The MODIFY clause with the new definition. */
export function modifyClause({ to }: ColumnChange): string {
  const { charset, collation } = to;
  const text = isText(to.type) && charset !== null && collation !== null ? { charset, collation } : null;
  return `MODIFY ${columnSql(to, text)}`;
}

/** True where a CHECK names an ENUM column: MySQL then copies the table for any MODIFY (1845, seen on 9.7). */
export function checksAnEnum(table: Table): boolean {
  const enums = table.columns.filter(({ type }) => columnType(type).name === 'enum').map(({ name }) => name);
  return table.checks.some(({ expression }) =>
    (tokensOf(expression) ?? []).some(({ value }) => enums.includes(value)),
  );
}

/** True where the second type accepts every value of the first, and stores it in the same way. */
function widens(from: string, to: string): boolean {
  if (from === to) return true;
  const [before, after] = [columnType(from), columnType(to)];
  if (before.name !== after.name) return false;
  if (before.name === 'enum') return before.values.every((value, at) => value === after.values[at]);
  const [shorter, longer] = [before.length ?? NaN, after.length ?? NaN];
  // From 256 bytes on, InnoDB stores the length in two bytes. A character of utf8mb4 takes up to four bytes
  return before.name === 'varchar' && longer >= shorter && (longer < 64 || shorter >= 256);
}

/**
 * Predicts for a plan whether the server has to copy the table, as tried on MariaDB 10.11, 11.8 and MySQL 9.7. `alterTable`
 * does not rely on it: it asks the server.
 */
export function modifyCopies(server: Server, table: Table, { from, to }: ColumnChange): boolean {
  const isIndexed =
    table.primaryKey.includes(from.name) ||
    table.indexes.some((index) => index.columns.some((part) => part.name === from.name));
  if (!widens(from.type, to.type)) return true;
  if (server.flavour === 'mysql' && checksAnEnum(table)) return true;
  if (isText(to.type) && from.charset !== to.charset) return true;
  if (isText(to.type) && from.collation !== to.collation) {
    if (table.primaryKey.includes(from.name)) return true;
    const isEnum = columnType(to.type).name === 'enum';
    return server.flavour === 'mysql' ? isIndexed && !isEnum : isEnum;
  }
  // "cannot convert NULL to non-constant DEFAULT"
  const isComputed = to.default !== null && !to.default.startsWith("'");
  return server.flavour === 'mariadb' && from.nullable && !to.nullable && isComputed;
}

/** True where the server can copy this table online: not with a key that deletes or clears rows (1846, seen on 11.8). */
function copiesOnline(server: Server, { foreignKeys }: Table): boolean {
  const acts = foreignKeys.some(({ onDelete }) => onDelete === 'CASCADE' || onDelete === 'SET NULL');
  return canCopyOnline(server) && !acts;
}

/** The statement that makes the change, as a plan predicts it. */
export function plannedModify(server: Server, table: Table, change: ColumnChange): Statement {
  const copy = copiesOnline(server, table) ? copyingOnline : copying;
  const how = modifyCopies(server, table, change) ? copy : online;
  return altering(table.name, how, modifyClause(change));
}

/** A child column, and the charset and collation of its parent column. */
export interface Alignment {
  readonly column: Column;
  readonly text: TextSettings;
}

/** ER_DROP_INDEX_FK_CONSTRAINT: another key uses the index. */
const neededByKey = 1553;

const changeOf = ({ column, text }: Alignment): ColumnChange => ({
  from: column,
  to: { ...column, ...text },
});

/**
 * True where the key's index has to be dropped before the change and added after it: MySQL changes a column's collation
 * online only where no index contains the column. Another index is never dropped: a run that dies would lose it.
 */
function goesAroundIndex(server: Server, table: Table, { column, text }: Alignment, own: Index): boolean {
  const holding = table.indexes.filter((index) => index.columns.some((part) => part.name === column.name));
  return (
    server.flavour === 'mysql' &&
    column.charset === text.charset &&
    holding.length === 1 &&
    holding[0]?.name === own.name &&
    !table.primaryKey.includes(column.name) &&
    !checksAnEnum(table)
  );
}

const dropSql = (table: Table, own: Index): Statement =>
  altering(table.name, online, `DROP INDEX ${quoteName(own.name)}`);
const addSql = (table: Table, own: Index): Statement => altering(table.name, online, `ADD ${indexSql(own)}`);

/** The statements that align the column, as a plan predicts them. Pure. */
export function alignmentSql(server: Server, table: Table, alignment: Alignment, own: Index): Statement[] {
  if (!goesAroundIndex(server, table, alignment, own))
    return [plannedModify(server, table, changeOf(alignment))];
  const bare = { ...table, indexes: [] };
  return [dropSql(table, own), plannedModify(server, bare, changeOf(alignment)), addSql(table, own)];
}

/**
 * Aligns the column. If a run dies between the statements, the next run adds the index again.
 *
 * @param own the key's own index
 * @throws ProtectionFlowsError TABLE_COPY_REFUSED
 */
export async function alignColumn(
  context: StepContext,
  table: Table,
  alignment: Alignment,
  own: Index,
): Promise<void> {
  const change = (): Promise<void> =>
    alterTable(
      context,
      table.name,
      [modifyClause(changeOf(alignment))],
      `give ${table.name}.${alignment.column.name} the collation ${alignment.text.collation}`,
    );
  if (!goesAroundIndex(context.server, table, alignment, own)) return change();
  try {
    await context.execute(dropSql(table, own).sql);
  } catch (error) {
    if (!isNotOnline(error) && errnoOf(error) !== neededByKey) throw error;
    return change();
  }
  try {
    await change();
  } finally {
    await context.execute(addSql(table, own).sql);
  }
}
