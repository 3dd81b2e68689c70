import { altering, columnSql, copying, copyingOnline, online, type Statement } from '../schema/ddl';
import { columnType, isText } from '../schema/column-type';
import { tokensOf } from '../schema/expression';
import type { Server } from '../server/server';
import type { Column, Table } from '../schema/shape';

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

/**
 * True where the server lets the table be written while it copies it: MariaDB from 11.2 on, but not with a key that
 * deletes or clears rows (1846, seen on 11.8).
 */
function copiesOnline({ flavour, version }: Server, table: Table): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const acts = table.foreignKeys.some(({ onDelete }) => onDelete === 'CASCADE' || onDelete === 'SET NULL');
  return flavour === 'mariadb' && (major > 11 || (major === 11 && minor >= 2)) && !acts;
}

/** The statement as planned. */
export function plannedModify(server: Server, table: Table, change: ColumnChange): Statement {
  const copy = copiesOnline(server, table) ? copyingOnline : copying;
  const how = modifyCopies(server, table, change) ? copy : online;
  return altering(table.name, how, modifyClause(change));
}
