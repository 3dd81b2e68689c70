import { catalogRows } from '../catalog/catalog-rows';
import { quoteName, type Queryable } from '../queryable';
import type { Flavour } from '../server';
import { listsEmptyMember, type RowColumn } from './column-text';

/** A live table whose rows are moved, of whatever owner and database. */
export interface RowTable {
  /** Null for the session's own database. */
  readonly database: string | null;
  readonly name: string;
  /** As people name it: with the database, where that is another. */
  readonly label: string;
  /** As SQL names it. */
  readonly sql: string;
  readonly flavour: Flavour;
  /** Every column in the table's order, invisible and generated ones too. */
  readonly columns: readonly RowColumn[];
  /** The columns of the primary key; empty where there is none. */
  readonly primaryKey: readonly RowColumn[];
}

/** Where a table is. */
export type TableName = Pick<RowTable, 'database' | 'name'>;

/** A table's name for people, and one that tells it from every other. */
export const labelOf = ({ database, name }: TableName): string =>
  database === null ? name : `${database}.${name}`;

/** A table's name in SQL. */
export const sqlNameOf = ({ database, name }: TableName): string =>
  database === null ? quoteName(name) : `${quoteName(database)}.${quoteName(name)}`;

interface ColumnRow {
  name: string;
  kind: string;
  type: string;
  charset: string | null;
  collation: string | null;
  extra: string;
}

/** Reads a table; null where it does not exist, or this account may not see it. */
export async function readRowTable(
  session: Queryable,
  flavour: Flavour,
  table: TableName,
): Promise<RowTable | null> {
  const { database, name } = table;
  const columns = (
    await catalogRows<ColumnRow>(
      session,
      `SELECT COLUMN_NAME AS name, LOWER(DATA_TYPE) AS kind, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset,
              COLLATION_NAME AS collation, EXTRA AS extra
         FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?
        ORDER BY ORDINAL_POSITION`,
      [database, name],
    )
  ).map((row): RowColumn => {
    const isGenerated = /\b(virtual|stored|persistent) generated\b/i.test(row.extra);
    const { name: columnName, kind, charset, collation } = row;
    const hasEmptyMember = kind === 'enum' && listsEmptyMember(row.type);
    return { name: columnName, kind, charset, collation, isGenerated, hasEmptyMember };
  });
  if (columns.length === 0) return null;
  const key = await catalogRows<{ name: string }>(
    session,
    `SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY'
      ORDER BY SEQ_IN_INDEX`,
    [database, name],
  );
  return {
    database,
    name,
    label: labelOf(table),
    sql: sqlNameOf(table),
    flavour,
    columns,
    primaryKey: key.flatMap((part) => columns.filter((column) => column.name === part.name)),
  };
}
