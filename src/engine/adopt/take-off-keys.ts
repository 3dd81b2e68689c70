import { catalogRows } from '../server/catalog-rows';
import type { Queryable } from '../server/queryable';
import type { Difference } from '../schema/compare';
import { altering, dropForeignKeySql, online } from '../schema/ddl';
import { withTable, type ForeignKey, type Schema } from '../schema/shape';
import type { Repair } from './repair';

/** A foreign key of any table, of any database, that ends at a column of one of ours. */
export interface IncomingKey {
  readonly name: string;
  /** Null for the session's own database. */
  readonly database: string | null;
  readonly table: string;
  readonly column: string;
  readonly parentTable: string;
  readonly parentColumn: string;
}

/** Reads the foreign keys that end at the named tables. */
export async function readIncomingKeys(
  session: Queryable,
  tables: readonly string[],
): Promise<IncomingKey[]> {
  const rows = await catalogRows<Omit<IncomingKey, 'database'> & { database: string; own: number | string }>(
    session,
    `SELECT CONSTRAINT_NAME AS name, TABLE_SCHEMA AS \`database\`, TABLE_SCHEMA = DATABASE() AS own,
            TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, REFERENCED_TABLE_NAME AS parentTable,
            REFERENCED_COLUMN_NAME AS parentColumn
       FROM information_schema.KEY_COLUMN_USAGE
      WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IN (${tables.map(() => '?').join(', ')})
      ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
    [...tables],
  );
  return rows.map(({ own, database, ...key }) => ({ ...key, database: Number(own) === 1 ? null : database }));
}

/** A key of one of our tables that stands in the way. */
export interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
}

/** True where the server lets the change of a column happen only without the keys at it (1832, 1833, 3780). */
export const disturbsKeys = ({ object, property, expected, actual }: Difference): boolean =>
  object === 'column' &&
  expected !== null &&
  actual !== null &&
  ['type', 'charset', 'collation', 'nullable'].includes(property);

/** The columns of each table that change in a way that no key at them survives. */
export function disturbedColumns(differences: readonly Difference[]): Set<string> {
  return new Set(differences.filter(disturbsKeys).map(({ table, name }) => `${table}.${name}`));
}

/** The keys that start or end at such a column. */
export function keysInTheWay(
  live: Schema,
  tables: readonly string[],
  disturbed: ReadonlySet<string>,
): KeyAt[] {
  return tables.flatMap((table) =>
    (live.get(table)?.foreignKeys ?? [])
      .filter(
        (key) =>
          key.columns.some((column) => disturbed.has(`${table}.${column}`)) ||
          (key.parentDatabase === null &&
            key.parentColumns.some((column) => disturbed.has(`${key.parentTable}.${column}`))),
      )
      .map((key) => ({ table, key })),
  );
}

/** Takes keys off whose columns are to change; the declared ones among them are added again afterwards. */
export function takeOffKeys(keys: readonly KeyAt[]): Repair {
  const tables = [...new Set(keys.map(({ table }) => table))];
  const ofTable = (schema: Schema, table: string): ForeignKey[] =>
    (schema.get(table)?.foreignKeys ?? []).filter((key) =>
      keys.some((one) => one.table === table && one.key.name === key.name),
    );
  return {
    title: `take ${keys.map(({ key }) => key.name).join(', ')} off until the columns are changed`,
    tables,
    differences: [],
    rows: 0,
    declare: (schema) =>
      tables.reduce(
        (all, table) =>
          withTable(all, table, (shape) => ({
            ...shape,
            foreignKeys: shape.foreignKeys.filter((key) => !ofTable(schema, table).includes(key)),
          })),
        schema,
      ),
    plan: (live) =>
      tables.flatMap((table) => {
        const drops = ofTable(live, table).map(({ name }) => dropForeignKeySql(name));
        return drops.length === 0 ? [] : [altering(table, online, ...drops)];
      }),
    undo: () => [],
  };
}
