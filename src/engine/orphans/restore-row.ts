import { isProtectionFlowsError } from '../../errors';
import { quoteName, select, type Queryable } from '../server/queryable';
import type { ForeignKey } from '../schema/shape';
import {
  insertedValue,
  isErrorValue,
  storedText,
  textLiteral,
  type RowColumn,
  type StoredValue,
  type RowTable,
} from './row-table';
import { errnoOf, isPassing, withWarnings } from '../server/row-transaction';

/** Why a row stays in quarantine. */
export type LeftReason =
  /** A row that it names by a foreign key does not exist. */
  | 'parent-missing'
  /** Its id, or another unique value of it, belongs to another row now. */
  | 'taken'
  /** Its table does not exist. */
  | 'table-missing'
  /** Its table lacks a column for which the row holds a value. */
  | 'columns-changed'
  /** It is larger than one statement may be (max_allowed_packet). */
  | 'too-large'
  /** The server refuses it: a CHECK, a type or a trigger that was changed since. */
  | 'refused';

/** Why a row stays, and what the server said to it. */
export interface Left {
  readonly reason: LeftReason;
  readonly answer: string | null;
}

/** A row as the quarantine has it. */
export interface QuarantinedRow {
  readonly id: string;
  readonly foreignKey: string;
  readonly table: string;
  readonly database: string | null;
  readonly rowKey: string;
}

/** What a row is put back into. */
export interface RestoreTarget {
  readonly table: RowTable;
  /** The declared keys whose parent tables are there: looked at, whether the server has them or not. */
  readonly keys: readonly ForeignKey[];
  readonly maxStatementBytes: number;
}

const duplicateEntry = 1062;
const noReferencedRow = [1452, 1216];

/** What stands in a statement besides its values. */
const statementOverhead = 64 * 1024;

/** A value's bytes in a statement: the driver puts a backslash before some. */
const bytesOf = (value: string | null): number =>
  value === null ? 4 : Buffer.byteLength(value) + (value.match(/[\0\b\t\n\r\x1a"'\\]/g)?.length ?? 0);

/** WARN_DATA_TRUNCATED: a value that is not listed. */
const notListed = 1265;

/**
 * Inserts a row with that many error values of ENUMs, which a strict server refuses (1265, also as the number 0). Null
 * where each warning is about one of them; else the row is gone again, and this is what the server said.
 */
async function insertWithErrorValues(
  session: Queryable,
  insert: () => Promise<unknown>,
  errorValues: number,
): Promise<string | null> {
  await session.query('SAVEPOINT row_restored');
  const warnings = await withWarnings(session, async () => {
    await insert();
    return select<{ Code: number | string; Message: string }>(session, 'SHOW WARNINGS');
  });
  const [other] = warnings.filter(({ Code: code }) => Number(code) !== notListed);
  if (other === undefined && warnings.length === errorValues) return null;
  await session.query('ROLLBACK TO SAVEPOINT row_restored');
  return (other ?? warnings.at(-1))?.Message ?? '';
}

const literal = (value: string | null): string => (value === null ? 'NULL' : textLiteral(value));

interface Assignment {
  readonly column: RowColumn;
  readonly value: StoredValue;
}

/** Which column gets which value; null where a value has no column any more. */
function assignments(table: RowTable, row: Readonly<Record<string, StoredValue>>): Assignment[] | null {
  const found: Assignment[] = [];
  for (const [name, value] of Object.entries(row)) {
    const column = table.columns.find((one) => one.name === name);
    if (column?.isGenerated) continue;
    if (column !== undefined) found.push({ column, value });
    else if (storedText(value) !== null) return null;
  }
  return found;
}

/**
 * True where a declared key would refuse the row. The server is not relied on: the key may not be there yet, and MySQL
 * 9.7 does not check one whose index has a NULL in a further column, as idx_flow_executions in a pending execution (tried).
 *
 * @param found parents that were seen in this transaction
 */
async function lacksParent(
  session: Queryable,
  keys: readonly ForeignKey[],
  row: Readonly<Record<string, StoredValue>>,
  found: Set<string>,
): Promise<boolean> {
  for (const key of keys) {
    const value = row[key.columns[0] ?? ''] ?? null;
    const id = `${key.name} ${String(value)}`;
    if (typeof value !== 'string' || found.has(id)) continue;
    const parent = quoteName(key.parentColumns[0] ?? '');
    const sql = `SELECT 1 AS found FROM ${quoteName(key.parentTable)} WHERE ${parent} = ? LIMIT 1`;
    if ((await select(session, sql, [value])).length === 0) return true;
    found.add(id);
  }
  return false;
}

/** True for an error that says nothing of the row: the work as a whole can't go on, or has to be repeated. */
function isOfTheWhole(error: unknown): boolean {
  if (isPassing(error) || (error as { fatal?: boolean }).fatal === true) return true;
  if (!isProtectionFlowsError(error)) return errnoOf(error) === undefined;
  return error.stage !== 'refused' || ['PRIVILEGE_MISSING', 'SERVER_READ_ONLY'].includes(error.code);
}

/**
 * Puts one row back, in the caller's transaction and with the server's checks on; null when done, else why not. Nothing
 * of a refused row remains.
 *
 * @param columns the row's JSON, as the quarantine has it
 * @param parentsFound parents that were seen in this transaction; added to
 * @throws what says nothing of the row: a deadlock, a lost connection, a missing privilege
 */
export async function restoreRow(
  session: Queryable,
  { table, keys, maxStatementBytes }: RestoreTarget,
  columns: string,
  parentsFound: Set<string>,
): Promise<Left | null> {
  const row = JSON.parse(columns) as Record<string, StoredValue>;
  const assigned = assignments(table, row);
  if (assigned === null) return { reason: 'columns-changed', answer: null };
  if (await lacksParent(session, keys, row, parentsFound)) return { reason: 'parent-missing', answer: null };
  const names = assigned.map(({ column }) => quoteName(column.name)).join(', ');
  const values = assigned.map(({ column, value }) => insertedValue(column, value));
  // Some versions of the driver take a `?` in a name for a parameter: then the values are written out
  const written = `${table.sql}${names}`.includes('?');
  const parameters = values.map(({ parameter }) => (written ? literal(parameter) : parameter));
  const bytes = parameters.reduce((sum, parameter) => sum + bytesOf(parameter), statementOverhead);
  if (bytes > maxStatementBytes) return { reason: 'too-large', answer: null };
  const sqlOf = values.map(({ sql }, at) => (written ? sql.replace('?', () => parameters[at] ?? '') : sql));
  try {
    const statement = `INSERT INTO ${table.sql} (${names}) VALUES (${sqlOf.join(', ')})`;
    const insert = () => session.query(statement, written ? undefined : parameters);
    const errorValues = assigned.filter(({ column, value }) => isErrorValue(column, value)).length;
    if (errorValues > 0) {
      const answer = await insertWithErrorValues(session, insert, errorValues);
      return answer === null ? null : { reason: 'refused', answer };
    }
    await insert();
    return null;
  } catch (error) {
    if (isOfTheWhole(error)) throw error;
    const errno = errnoOf(error) ?? 0;
    const refused = noReferencedRow.includes(errno) ? 'parent-missing' : 'refused';
    return { reason: errno === duplicateEntry ? 'taken' : refused, answer: (error as Error).message };
  }
}
