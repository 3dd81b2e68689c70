import { catalogRows } from '../server/catalog-rows';
import type { Queryable } from '../server/queryable';
import { type RowColumn, labelOf, readRowTable, type RowTable, type TableName } from './row-table';

/** A foreign key by which rows of a table hang on those of another. */
export interface Dependency {
  readonly key: string;
  /** The table whose rows hang. */
  readonly table: RowTable;
  /** Its columns, each with the column that it names. */
  readonly columns: readonly (readonly [RowColumn, RowColumn])[];
  /** Why its rows do not go with those they hang on; null where they do, as under ON DELETE CASCADE. */
  readonly blocks: string | null;
}

/** The dependencies of every table that is reached from one, by label; that one among them. */
export type Dependencies = ReadonlyMap<string, readonly Dependency[]>;

/** The one key between the package's own tables. It is declared, so what hangs by it goes, be it there or not. */
const own = {
  key: 'fk_executions_flow',
  table: 'protection_flow_executions',
  column: 'flow_id',
  parent: 'protection_flows',
  parentColumn: 'id',
} as const;

interface KeyRow {
  database: string;
  isOwn: number | string;
  table: string;
  key: string;
  column: string;
  parentColumn: string;
}

/** A foreign key of whatever table that ends at the parent. */
interface IncomingKey {
  readonly key: string;
  readonly table: TableName;
  readonly columns: (readonly [string, string])[];
  /** Null where this account may not see it. */
  readonly rule: string | null;
}

/** The ON DELETE of each key of that table; none where this account may not see them. */
async function readRules(session: Queryable, database: string, table: string): Promise<Map<string, string>> {
  const rows = await catalogRows<{ key: string; rule: string }>(
    session,
    `SELECT CONSTRAINT_NAME AS \`key\`, DELETE_RULE AS \`rule\`
       FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?`,
    [database, table],
  );
  return new Map(rows.map(({ key, rule }) => [key, rule]));
}

/**
 * To find them, MariaDB opens every table of every database; where the rules were joined, once more for these (EXPLAIN:
 * "Scanned all databases" twice). The few tables that have such a key are asked for their rules one by one.
 */
async function readIncomingKeys(session: Queryable, { database, name }: TableName): Promise<IncomingKey[]> {
  const rows = await catalogRows<KeyRow>(
    session,
    `SELECT k.TABLE_SCHEMA AS \`database\`, k.TABLE_SCHEMA = DATABASE() AS isOwn, k.TABLE_NAME AS \`table\`,
            k.CONSTRAINT_NAME AS \`key\`, k.COLUMN_NAME AS \`column\`, k.REFERENCED_COLUMN_NAME AS parentColumn
       FROM information_schema.KEY_COLUMN_USAGE k
      WHERE k.REFERENCED_TABLE_SCHEMA = COALESCE(?, DATABASE()) AND k.REFERENCED_TABLE_NAME = ?
      ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
    [database, name],
  );
  const keys = new Map<string, IncomingKey>();
  for (const row of rows) {
    const table = { database: Number(row.isOwn) === 1 ? null : row.database, name: row.table };
    const id = JSON.stringify([table, row.key]);
    let key = keys.get(id);
    if (key === undefined) {
      const rules = await readRules(session, row.database, row.table);
      key = { key: row.key, table, columns: [], rule: rules.get(row.key) ?? null };
    }
    key.columns.push([row.column, row.parentColumn]);
    keys.set(id, key);
  }
  return [...keys.values()];
}

/** The declared key, whatever stands in its place; then those of others. */
function withOwnKey(parent: RowTable, incoming: readonly IncomingKey[]): IncomingKey[] {
  if (parent.database !== null || parent.name !== own.parent) return [...incoming];
  const isOwn = ({ table, columns }: IncomingKey): boolean =>
    table.database === null &&
    table.name === own.table &&
    columns.length === 1 &&
    columns[0]?.join() === [own.column, own.parentColumn].join();
  const declared: IncomingKey = {
    key: own.key,
    table: { database: null, name: own.table },
    columns: [[own.column, own.parentColumn]],
    rule: 'CASCADE',
  };
  return [declared, ...incoming.filter((key) => !isOwn(key))];
}

function whyBlocked(rule: string | null, table: RowTable): string | null {
  if (rule !== 'CASCADE') return rule === null ? 'its rule is hidden from this account' : `ON DELETE ${rule}`;
  return table.primaryKey.length === 0 ? `${table.label} has no primary key` : null;
}

async function readDependenciesOf(session: Queryable, parent: RowTable): Promise<Dependency[]> {
  const found: Dependency[] = [];
  for (const { key, table: at, columns, rule } of withOwnKey(
    parent,
    await readIncomingKeys(session, parent),
  )) {
    const table = labelOf(at) === parent.label ? parent : await readRowTable(session, parent.flavour, at);
    if (table === null) continue;
    const pairs = columns.flatMap(([child, column]) => {
      const from = table.columns.find(({ name }) => name === child);
      const to = parent.columns.find(({ name }) => name === column);
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
    if (pairs.length > 0) found.push({ key, table, columns: pairs, blocks: whyBlocked(rule, table) });
  }
  return found;
}

/**
 * Reads every foreign key, of all databases, by which rows hang on a table's rows, on theirs in turn, and so on along
 * ON DELETE CASCADE. What this account may not see is not found.
 */
export async function readDependencies(session: Queryable, table: RowTable): Promise<Dependencies> {
  const found = new Map<string, Dependency[]>();
  const ahead = [table];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (found.has(next.label)) continue;
    const dependencies = await readDependenciesOf(session, next);
    found.set(next.label, dependencies);
    ahead.push(...dependencies.filter(({ blocks }) => blocks === null).map((one) => one.table));
  }
  return found;
}
