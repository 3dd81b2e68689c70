import { quoteName, type Queryable, catalogRows } from '../../server/queryable';
import type { ForeignKey, ReferentialAction } from '../shape';
import { byPosition, type CatalogScope, type Numbered } from './scope';

interface KeyRow extends Numbered {
  column: string;
  parentDatabase: string;
  parentTable: string;
  parentColumn: string;
  onDelete: ReferentialAction | null;
  onUpdate: ReferentialAction | null;
}

type Rules = Pick<ForeignKey, 'onDelete' | 'onUpdate'>;

/** The rules of a key as SHOW CREATE TABLE tells them; none written means RESTRICT. */
async function rulesFromShowCreate(session: Queryable, table: string, key: string): Promise<Rules> {
  const [row] = await catalogRows(session, `SHOW CREATE TABLE ${quoteName(table)}`);
  const text = String(row?.['Create Table'] ?? '');
  const line =
    text.split('\n').find((part) => part.includes(`CONSTRAINT ${quoteName(key)} FOREIGN KEY`)) ?? '';
  const rule = (event: string): ReferentialAction =>
    (new RegExp(`ON ${event} (CASCADE|SET NULL|RESTRICT|NO ACTION|SET DEFAULT)`).exec(line)?.[1] ??
      'RESTRICT') as ReferentialAction;
  return { onDelete: rule('DELETE'), onUpdate: rule('UPDATE') };
}

/**
 * The foreign keys of each table. A user with SELECT alone finds REFERENTIAL_CONSTRAINTS empty on MariaDB, while
 * KEY_COLUMN_USAGE and SHOW CREATE TABLE tell: so the rules come from the latter there, and no key is taken for
 * lost that one merely may not see.
 *
 * The rules are read apart (DISTINCT keeps them so): joined by itself, MariaDB opens every table of every database
 * (EXPLAIN: "Scanned all databases"); on a Galera node DDL in any of them then aborts the read (1213).
 */
export async function readForeignKeys(scope: CatalogScope): Promise<Map<string, ForeignKey[]>> {
  const answer = await catalogRows<KeyRow>(
    scope.session,
    `SELECT k.TABLE_NAME AS \`table\`, k.CONSTRAINT_NAME AS name, k.ORDINAL_POSITION AS position,
            k.COLUMN_NAME AS \`column\`, k.REFERENCED_TABLE_SCHEMA AS parentDatabase, k.REFERENCED_TABLE_NAME AS parentTable,
            k.REFERENCED_COLUMN_NAME AS parentColumn, r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate
       FROM information_schema.KEY_COLUMN_USAGE k
       LEFT JOIN (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE
                    FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) r
         ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
      WHERE k.TABLE_SCHEMA = ? AND k.TABLE_NAME IN (${scope.placeholders})
        AND k.REFERENCED_TABLE_NAME IS NOT NULL`,
    scope.parameters,
  );
  const keys = new Map<string, ForeignKey[]>();
  for (const row of byPosition(answer)) {
    const list = keys.get(row.table) ?? [];
    const last = list.at(-1);
    if (last?.name === row.name) {
      list[list.length - 1] = {
        ...last,
        columns: [...last.columns, row.column],
        parentColumns: [...last.parentColumns, row.parentColumn],
      };
      continue;
    }
    const rules =
      row.onDelete !== null && row.onUpdate !== null
        ? { onDelete: row.onDelete, onUpdate: row.onUpdate }
        : await rulesFromShowCreate(scope.session, row.table, row.name);
    list.push({
      name: row.name,
      columns: [row.column],
      parentDatabase: row.parentDatabase === scope.database ? null : row.parentDatabase,
      parentTable: row.parentTable,
      parentColumns: [row.parentColumn],
      ...rules,
    });
    keys.set(row.table, list);
  }
  return keys;
}
