import { quoteName, select, type Queryable } from '../../engine/server/queryable';
import type { Style } from '../output/style';
import { table } from '../output/table';

/** What the plain client sees of the migrated database. */
export interface DatabaseFacts {
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly keys: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
    readonly onDelete: string;
  }[];
}

/** Reads tables, row counts and foreign keys with the statements that anyone would type. */
export async function readFacts(client: Queryable): Promise<DatabaseFacts> {
  const names = (await select(client, "SHOW TABLES LIKE 'protection_flow%'")).flatMap((row) =>
    Object.values(row),
  );
  const tables = [];
  for (const name of names.map(String).sort((one, other) => one.length - other.length)) {
    const [row] = await select(client, `SELECT COUNT(*) AS n FROM ${quoteName(name)}`);
    tables.push({ name, rows: Number(row?.n) });
  }
  const keys = await select<DatabaseFacts['keys'][number]>(
    client,
    `SELECT r.CONSTRAINT_NAME AS name, CONCAT(k.TABLE_NAME, '.', k.COLUMN_NAME) AS \`from\`,
            CONCAT(k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME) AS \`to\`, r.DELETE_RULE AS onDelete
       FROM information_schema.REFERENTIAL_CONSTRAINTS r
       JOIN information_schema.KEY_COLUMN_USAGE k
         ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
      WHERE r.CONSTRAINT_SCHEMA = DATABASE() AND r.TABLE_NAME LIKE 'protection\\_flow%'
      ORDER BY r.CONSTRAINT_NAME`,
  );
  return { tables, keys };
}

/** The facts as two tables. */
export function factsText({ tables, keys }: DatabaseFacts, style: Style): string[] {
  return [
    ...table(
      [{ title: 'TABLE' }, { title: 'ROWS', align: 'right' }],
      tables.map(({ name, rows }) => [name, String(rows)]),
      style,
    ),
    '',
    ...table(
      [{ title: 'FOREIGN KEY' }, { title: 'FROM → TO', elastic: true }, { title: 'ON DELETE' }],
      keys.map(({ name, from, to, onDelete }) => [name, `${from} → ${to}`, onDelete]),
      style,
    ),
  ];
}
