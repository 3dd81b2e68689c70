import { readCatalog } from '../schema/catalog/read-catalog';
import { tableExists, type Queryable, quoteText, select, quoteName } from '../server/queryable';
import { ownTables, type Words } from '../server/names';
import { type Migration, type StepContext } from '../steps/step';
import { compareTable, type Difference } from '../schema/compare';
import { column, literal, now, nullable, table, unique } from '../schema/declare';
import { alterSql, columnSql, createTableSql, indexSql } from '../schema/ddl';
import { named, type Table } from '../schema/shape';
import { note, statement, type RemedyPart } from '../steps/remedy';

/** A migration that the history records. */
export interface HistoryEntry {
  readonly id: number;
  /** The milliseconds by which TypeORM orders migrations. */
  readonly timestamp: number;
  readonly name: string;
  /** When it was applied, ISO 8601 in UTC. */
  readonly appliedAt: string | null;
  /** True while its rollback runs, and after a rollback that crashed and left some of its objects. */
  readonly reverting: boolean;
  /** The migration's `breaking`, for programs that do not know the migration; null where it was not recorded. */
  readonly breaking: false | string | null;
}

/** What the history records about the run that applied a migration. */
interface HistoryRun {
  /** Who ran it, such as `pid 4711 on app-3`. */
  readonly appliedBy: string;
  readonly packageVersion: string;
  /** How long the migration took, in milliseconds; null where it was taken over and not executed. */
  readonly durationMs: number | null;
}

/** Everything the history records, oldest first; null where there is no history table. Changes nothing. */
export async function readHistory(session: Queryable, table: string): Promise<HistoryEntry[] | null> {
  return (await tableExists(session, table)) ? readEntries(session, table) : null;
}

/** Everything that a history table records, oldest first. */
export async function readEntries(session: Queryable, table: string): Promise<HistoryEntry[]> {
  // SELECT *, because TypeORM's own form of the table has neither applied_at nor reverting
  const rows = await select<{
    id: number | string;
    timestamp: number | string;
    name: string;
    applied_at?: Date | string | null;
    reverting?: number | string;
    breaking?: string | null;
  }>(session, `SELECT * FROM ${table} ORDER BY id`);
  return rows.map(({ id, timestamp, name, applied_at: at, reverting, breaking = null }) => ({
    id: Number(id),
    timestamp: Number(timestamp),
    name,
    appliedAt: at ? new Date(at).toISOString() : null,
    reverting: Number(reverting ?? 0) === 1,
    breaking: breaking === '' ? false : breaking,
  }));
}

/** Marks a migration whose rollback begins, or clears the mark. */
export async function markReverting(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  name: string,
  reverting: boolean,
): Promise<void> {
  const mark = reverting ? 1 : 0;
  await execute(
    `UPDATE ${ownTables(owner.tablePrefix).history} SET reverting = ${mark} WHERE name = ${quoteText(name)}`,
  );
}

/** Records migrations as applied in one statement: a crash leaves all recorded or none. */
export async function recordApplied(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  migrations: readonly Pick<Migration, 'name' | 'breaking'>[],
  { appliedBy, packageVersion, durationMs }: HistoryRun,
): Promise<void> {
  const run = [quoteText(appliedBy), quoteText(packageVersion), durationMs ?? 'NULL'].join(', ');
  const rows = migrations.map(({ name, breaking }) => {
    const text = quoteText(breaking === false ? '' : breaking.replaceAll('\\', '/'));
    return `(${timestampOf(name)}, ${quoteText(name)}, ${run}, ${text})`;
  });
  await execute(
    `INSERT INTO ${ownTables(owner.tablePrefix).history} (timestamp, name, applied_by, package_version, duration_ms, breaking) VALUES ${rows.join(', ')}`,
  );
}

/** Deletes the record of a migration that was rolled back. */
export async function forgetUndone(
  { owner, execute }: Pick<StepContext, 'owner' | 'execute'>,
  name: string,
): Promise<void> {
  await execute(`DELETE FROM ${ownTables(owner.tablePrefix).history} WHERE name = ${quoteText(name)}`);
}

/**
 * Creates the history table where it is missing. Adds what is missing to one that TypeORM made on a plain DataSource with
 * these migrations.
 */
export async function ensureHistory({
  session,
  server,
  owner,
  execute,
}: Pick<StepContext, 'session' | 'server' | 'owner' | 'execute'>): Promise<void> {
  const { history } = ownTables(owner.tablePrefix);
  await execute(createHistorySql(history).replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
  const live = (await readCatalog(session, server, [history])).get(history);
  if (live === undefined) return;
  const absent = historyTableFaults(live).filter(({ actual }) => actual === null);
  for (const sql of mendHistorySql(live, absent)) await execute(sql);
}

/** The column `id`: signed up to the release that made it unsigned, and as it is now. */
export const historyId = {
  signed: { ...column('id', 'int'), extra: 'auto_increment' },
  unsigned: { ...column('id', 'int unsigned'), extra: 'auto_increment' },
} as const;

/** The only definition of the history table. Its first three columns are those of TypeORM's own. */
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

/** The properties that the history needs. Its collation and further columns do not matter. */
const essential = ['presence', 'type', 'extra', 'engine', 'kind', 'row-format', 'columns', 'unique'];

/** The faults of the live table. A signed id is none: a migration makes it unsigned, and its rollback signed again. */
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

/** The ALTER that repairs the faults; none without faults. It fails while a migration is recorded twice. */
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

/** A row of the history, as it is stored. */
export type HistoryRow = Pick<HistoryEntry, 'id' | 'timestamp' | 'name' | 'reverting'>;

/** The names of the history table and of the package that writes it. */
export interface HistoryNames extends Pick<Words, 'package' | 'command'> {
  readonly table: string;
}

/** A fault of the history, with its remedy. */
export interface HistoryFault {
  readonly summary: string;
  readonly parts: readonly RemedyPart[];
}

/** The milliseconds at the end of a migration's name, by which TypeORM orders them. */
const timestampOf = (name: string): number => Number(name.slice(-13));

/** The fault as a list; empty for one without a remedy. */
const faultOf = (summary: string, parts: readonly RemedyPart[]): HistoryFault[] =>
  parts.length === 0 ? [] : [{ summary, parts }];

/** Rows of migrations that this code does not know. */
export function unknownRows(
  names: HistoryNames,
  rows: readonly HistoryRow[],
  known: readonly string[],
): HistoryFault[] {
  const unknown = rows.filter(({ name }) => !known.includes(name));
  return faultOf(
    `${unknown.map(({ name }) => name).join(', ')}: not known to this version`,
    unknown.flatMap(({ id, name }) => [
      note(
        `Verify with the newer version of ${names.package} that made ${name}. Only if no version made it:`,
      ),
      statement(`DELETE FROM ${names.table} WHERE id = ${id}`),
    ]),
  );
}

/** Migrations that are recorded more than once. The remedy deletes all rows but the first. */
export function repeatedRows({ table }: HistoryNames, rows: readonly HistoryRow[]): HistoryFault[] {
  const repeated = rows.filter(({ name }, at) => rows.findIndex((row) => row.name === name) < at);
  return faultOf(
    `${[...new Set(repeated.map(({ name }) => name))].join(', ')}: recorded more than once`,
    repeated.map(({ id }) => statement(`DELETE FROM ${table} WHERE id = ${id}`)),
  );
}

/** Rows whose timestamp is not the one of their name. TypeORM orders migrations by it. */
export function mistimedRows(
  { table }: HistoryNames,
  rows: readonly HistoryRow[],
  known: readonly string[],
): HistoryFault[] {
  const wrong = rows.filter(({ name, timestamp }) => known.includes(name) && timestamp !== timestampOf(name));
  return faultOf(
    wrong.map(({ name, timestamp }) => `${name} has the timestamp ${timestamp}`).join(', '),
    wrong.map(({ id, name }) =>
      statement(`UPDATE ${table} SET timestamp = ${timestampOf(name)} WHERE id = ${id}`),
    ),
  );
}

/** Rows whose ids are not in the order of their migrations. A rollback orders by id, and would undo the wrong one. */
export function disorderedRows(
  { table }: HistoryNames,
  rows: readonly HistoryRow[],
  known: readonly string[],
): HistoryFault[] {
  const first = rows.filter(({ name }, at) => rows.findIndex((row) => row.name === name) === at);
  const sorted = known.flatMap((name) => first.filter((row) => row.name === name));
  if (sorted.every((row, at) => at === 0 || (sorted[at - 1]?.id ?? 0) < row.id)) return [];
  const highest = Math.max(...rows.map(({ id }) => id));
  return faultOf(
    `recorded in another order than that of the migrations: ${first.map(({ name }) => name).join(', ')}`,
    [
      ...sorted.map(({ name }, at) =>
        statement(`UPDATE ${table} SET id = ${highest + 1 + at} WHERE name = ${quoteText(name)}`),
      ),
      statement(`ALTER TABLE ${table} AUTO_INCREMENT = 1`),
    ],
  );
}

/** The INSERTs that record migrations. A row gets an id between those of its neighbours where one is free. */
export function insertRows(
  { table }: HistoryNames,
  missing: readonly string[],
  rows: readonly HistoryRow[],
  known: readonly string[],
): RemedyPart[] {
  const ids = new Map<string, number>();
  for (const { id, name } of rows) if (!ids.has(name)) ids.set(name, id);
  return known.flatMap((name, at) => {
    if (!missing.includes(name)) return [];
    const before = Math.max(0, ...known.slice(0, at).map((one) => ids.get(one) ?? 0));
    const after = Math.min(Infinity, ...known.slice(at + 1).map((one) => ids.get(one) ?? Infinity));
    const between = before + 1;
    const fits = after !== Infinity && between < after && !rows.some(({ id }) => id === between);
    if (fits) ids.set(name, between);
    const [columns, values] = fits ? ['id, ', `${between}, `] : ['', ''];
    return [
      statement(
        `INSERT INTO ${table} (${columns}timestamp, name) VALUES (${values}${timestampOf(name)}, ${quoteText(name)})`,
      ),
    ];
  });
}
