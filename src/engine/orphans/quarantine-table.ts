import { createHash } from 'node:crypto';
import { affectedRows, catalogRows, quoteName, quoteText, type Queryable } from '../server/queryable';
import type { Schema } from '../schema/shape';
import type { OrphanContext, Owner } from './context';
import {
  hasParents,
  readWithParents,
  type QuarantinedRow,
  type RestoreContext,
  type Source,
} from './restore-rows';
import { readRowTable, rowsByKey, type RowColumn, type RowKey, type RowTable } from './rows';

/** The longest table name that both servers accept. */
const longestName = 64;
const room = 'orphans'.length + 5;

/** The part of a quarantine's name that names its table: the table's name, shortened with a hash where it is too long. */
function partOfName(prefix: string, table: string): string {
  const fits = longestName - prefix.length - room;
  if (table.length <= fits) return table;
  const hash = createHash('sha256').update(table).digest('hex').slice(0, 8);
  return `${table.slice(0, fits - hash.length - 1)}_${hash}`;
}

/**
 * The name of a table's quarantine: `shop_schema_orphans_shop_orders`.
 *
 * @param number 2 and up for rows that were quarantined after the table's columns had changed
 */
export const quarantineName = (
  { tablePrefix }: Pick<Owner, 'tablePrefix'>,
  table: string,
  number = 1,
): string => `${tablePrefix}_orphans${number === 1 ? '' : number}_${partOfName(tablePrefix, table)}`;

/** The columns of a quarantine that do not belong to the quarantined row. */
export const ownColumns: Readonly<Record<string, string>> = {
  /** The row's number in its quarantine. */
  quarantine_id: 'bigint unsigned NOT NULL AUTO_INCREMENT',
  /** When the row was moved here. */
  quarantined_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  /** A random id of the run that moved it. */
  quarantine_run: 'char(36) NOT NULL',
  /** The foreign key whose orphans the run removed. */
  quarantine_key: 'varchar(64) NOT NULL',
  /** `orphan`: the row had no parent. `cascade`: its parent was moved to quarantine. */
  quarantine_reason: "enum('orphan','cascade') NOT NULL",
};

/** The columns of a table that an INSERT can fill. */
const insertable = ({ columns }: RowTable): RowColumn[] => columns.filter((column) => !column.isGenerated);

/** The columns of a quarantine that belong to the quarantined row. */
const quarantined = ({ columns }: RowTable): RowColumn[] =>
  columns.filter(({ name }) => !Object.hasOwn(ownColumns, name));

const isSame = (column: RowColumn, other: RowColumn): boolean =>
  (['name', 'type', 'charset', 'collation'] as const).every((part) => column[part] === other[part]);

/**
 * The CREATE of a quarantine. Its columns have the names and types of the table, so no value is converted. It has no unique
 * index, CHECK or default, which could refuse or change a row.
 */
function createQuarantineSql(name: string, table: RowTable): string {
  const columns = insertable(table).map(({ name: column, type, charset, collation }) => {
    const text = charset === null ? '' : ` CHARACTER SET ${charset} COLLATE ${collation ?? ''}`;
    return `${quoteName(column)} ${type}${text} NULL DEFAULT NULL`;
  });
  const own = Object.entries(ownColumns).map(([column, definition]) => `${column} ${definition}`);
  return `CREATE TABLE IF NOT EXISTS ${quoteName(name)} (
  ${[...own, ...columns, 'PRIMARY KEY (quarantine_id)'].join(',\n  ')}
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`;
}

/**
 * Returns the name of a quarantine that can hold the table's rows unchanged; creates one where there is none. DDL commits, so
 * call this before the transaction that moves rows.
 */
export async function ensureQuarantine(context: OrphanContext, table: RowTable): Promise<string> {
  const { session, owner } = context;
  for (let number = 1; ; number += 1) {
    const name = quarantineName(owner, table.name, number);
    const there = await readRowTable(session, table.flavour, { database: null, name });
    if (there === null) {
      await context.execute(createQuarantineSql(name, table));
      return name;
    }
    if (insertable(table).every((column) => there.columns.some((one) => isSame(one, column)))) return name;
  }
}

/** Finds the existing quarantines of each declared table, the newest first. */
export async function findQuarantines(session: Queryable, owner: Owner): Promise<Map<string, string[]>> {
  const there = await catalogRows<{ name: string }>(
    session,
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LOCATE(?, TABLE_NAME) = 1',
    [`${owner.tablePrefix}_orphans`],
  );
  const found = new Map<string, string[]>();
  for (const table of owner.declared.keys()) {
    const numbered = there.flatMap(({ name }) => {
      const number = Number(/_orphans(\d+)_/.exec(name.slice(owner.tablePrefix.length))?.[1] ?? 1);
      // With lower_case_table_names the server stores names in lower case
      const isIts = name.toLowerCase() === quarantineName(owner, table, number).toLowerCase();
      return isIts ? [{ name, number }] : [];
    });
    numbered.sort((one, other) => other.number - one.number);
    const names = numbered.map(({ name }) => name);
    if (names.length > 0) found.set(table, names);
  }
  return found;
}

/** Why rows are quarantined: the values of {@link ownColumns}. */
export interface Cause {
  /** The same for all rows of one run and one key. */
  readonly run: string;
  readonly key: string;
  /** `cascade` for rows that depended on orphans. */
  readonly reason: 'orphan' | 'cascade';
}

/**
 * Copies rows into the quarantine and deletes them from their table. Call it in a transaction that has locked the rows; on
 * an error, roll back.
 */
export async function moveToQuarantine(
  session: Queryable,
  table: RowTable,
  quarantine: string,
  keys: readonly RowKey[],
  { run, key, reason }: Cause,
): Promise<void> {
  const { from, where } = rowsByKey(table, keys);
  const columns = insertable(table).map(({ name }) => quoteName(name));
  const written = await session.query(
    `INSERT INTO ${quoteName(quarantine)} (quarantine_run, quarantine_key, quarantine_reason, ${columns.join(', ')}) ` +
      `SELECT ${[run, key, reason].map(quoteText).join(', ')}, ${columns.map((column) => `r.${column}`).join(', ')} FROM ${from} WHERE ${where}`,
  );
  const deleted = await session.query(`DELETE r FROM ${from} WHERE ${where}`);
  if (affectedRows(written) !== keys.length || affectedRows(deleted) !== keys.length) {
    throw new Error(
      `${keys.length} locked rows of ${table.label}, but ${affectedRows(written)} copied and ${affectedRows(deleted)} deleted`,
    );
  }
}

/** The declared tables, parents before children. */
function parentsFirst(declared: Schema): string[] {
  const ordered = new Set<string>();
  const add = (name: string, above: readonly string[]): void => {
    for (const { parentTable } of declared.get(name)?.foreignKeys ?? [])
      if (declared.has(parentTable) && !above.includes(parentTable))
        add(parentTable, [...above, parentTable]);
    ordered.add(name);
  };
  for (const name of declared.keys()) add(name, [name]);
  return [...ordered];
}

/** A quarantine as a source whose rows return to a table, by the columns that both have. */
async function sourceOf(context: RestoreContext, table: string, name: string): Promise<Source> {
  const { session, server, owner } = context;
  const read = (of: string) => readRowTable(session, server.flavour, { database: null, name: of });
  const [quarantine, target, live] = [
    await read(name),
    await read(table),
    await readWithParents(context, table),
  ];
  const kept = quarantine === null ? [] : quarantined(quarantine);
  const lost = kept.filter((column) => !target?.columns.some((one) => one.name === column.name));
  const known = target === null ? [] : insertable(target).map((column) => column.name);
  const common = kept.filter((column) => known.includes(column.name)).map((column) => quoteName(column.name));
  const isKey = (column: string): boolean => owner.declared.get(table)?.primaryKey.includes(column) ?? false;
  const shown = kept
    .filter((column) => isKey(column.name))
    .map((column) => `CAST(r.${quoteName(column.name)} AS CHAR CHARACTER SET utf8mb4)`);
  const hasLost = lost.map((column) => `r.${quoteName(column.name)} IS NOT NULL`).join(' OR ') || 'FALSE';
  const hasAllParents = hasParents(owner, live, table, (column) => `r.${quoteName(column)}`);

  const insert = async (rows: readonly QuarantinedRow[]): Promise<number> => {
    const values = common.map((column) => `r.${column}`).join(', ');
    const ids = rows.map(({ id }) => id).join(', ');
    const result = await session.query(
      `INSERT INTO ${quoteName(table)} (${common.join(', ')}) SELECT ${values} FROM ${quoteName(name)} r ` +
        `WHERE r.quarantine_id IN (${ids}) AND ${hasAllParents} ORDER BY r.quarantine_id DESC`,
    );
    return affectedRows(result);
  };
  return {
    name,
    idColumn: 'quarantine_id',
    keyColumn: 'quarantine_key',
    selected: `${quoteText(table)} AS \`table\`, CONCAT_WS(', ', NULL, ${shown.join(', ') || "''"}) AS rowKey, ${hasLost} AS isLost`,
    async putBack(row) {
      if (target === null) return { reason: 'table-missing', answer: null };
      if (Number(row.isLost) === 1) return { reason: 'columns-changed', answer: null };
      return (await insert([row])) === 1 ? null : { reason: 'parent-missing', answer: null };
    },
    async putAllBack(rows) {
      if (target === null || rows.some(({ isLost }) => Number(isLost) === 1)) return false;
      return (await insert(rows)) === rows.length;
    },
  };
}

/** The existing quarantines, those of parents first. */
export async function quarantineSources(context: RestoreContext): Promise<Source[]> {
  const found = await findQuarantines(context.session, context.owner);
  const sources: Source[] = [];
  for (const table of parentsFirst(context.owner.declared))
    for (const name of found.get(table) ?? []) sources.push(await sourceOf(context, table, name));
  return sources;
}
