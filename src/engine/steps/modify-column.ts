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

/** A column that is to be changed in place. */
export interface ColumnChange {
  readonly from: Column;
  /** With the charset and collation that it is to have. */
  readonly to: Column;
}

/** The definition after MODIFY. */
export function modifyClause({ to }: ColumnChange): string {
  const { charset, collation } = to;
  const text = isText(to.type) && charset !== null && collation !== null ? { charset, collation } : null;
  return `MODIFY ${columnSql(to, text)}`;
}

/** True where MySQL copies the table at any MODIFY: a CHECK of it names an ENUM column (1845, seen on 9.7). */
export function checksAnEnum(table: Table): boolean {
  const enums = table.columns.filter(({ type }) => columnType(type).name === 'enum').map(({ name }) => name);
  return table.checks.some(({ expression }) =>
    (tokensOf(expression) ?? []).some(({ value }) => enums.includes(value)),
  );
}

/** True for types of which the second takes all that the first takes, stored alike. */
function widens(from: string, to: string): boolean {
  if (from === to) return true;
  const [before, after] = [columnType(from), columnType(to)];
  if (before.name !== after.name) return false;
  if (before.name === 'enum') return before.values.every((value, at) => value === after.values[at]);
  const [shorter, longer] = [before.length ?? NaN, after.length ?? NaN];
  // A length from 256 bytes on takes two bytes in each row; four bytes a character in utf8mb4
  return before.name === 'varchar' && longer >= shorter && (longer < 64 || shorter >= 256);
}

/**
 * True where the server will have to copy the table for the change, as far as one can know beforehand; what it really
 * does is found out by asking it, see `alterTable`. As tried on MariaDB 10.11, 11.8 and MySQL 9.7.
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

/** True where the server will copy this table online: not with a key that deletes or clears rows (1846, seen on 11.8). */
function copiesOnline(server: Server, { foreignKeys }: Table): boolean {
  const acts = foreignKeys.some(({ onDelete }) => onDelete === 'CASCADE' || onDelete === 'SET NULL');
  return canCopyOnline(server) && !acts;
}

/** The statement as planned. */
export function plannedModify(server: Server, table: Table, change: ColumnChange): Statement {
  const copy = copiesOnline(server, table) ? copyingOnline : copying;
  const how = modifyCopies(server, table, change) ? copy : online;
  return altering(table.name, how, modifyClause(change));
}

/** A column that is to get the charset and collation of the column it refers to. */
export interface Alignment {
  readonly column: Column;
  readonly text: TextSettings;
}

/** ER_DROP_INDEX_FK_CONSTRAINT: another key lives on the index. */
const neededByKey = 1553;

const changeOf = ({ column, text }: Alignment): ColumnChange => ({
  from: column,
  to: { ...column, ...text },
});

/**
 * True where the index is to be taken off and put back around the change: MySQL changes the collation of a column
 * online only where no index holds it. Only the key's own index: another would be lost with a run that dies.
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

/** The statements that align the column, as planned. Pure. */
export function alignmentSql(server: Server, table: Table, alignment: Alignment, own: Index): Statement[] {
  if (!goesAroundIndex(server, table, alignment, own))
    return [plannedModify(server, table, changeOf(alignment))];
  const bare = { ...table, indexes: [] };
  return [dropSql(table, own), plannedModify(server, bare, changeOf(alignment)), addSql(table, own)];
}

/**
 * Aligns the column. A run that dies between the statements leaves the index to be put back by the next.
 *
 * @param own the index that the key lives on
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
