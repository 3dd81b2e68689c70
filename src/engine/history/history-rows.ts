import type { Words } from '../server/names';
import { quoteText } from '../server/queryable';
import { note, statement, type RemedyPart } from '../steps/remedy';
import type { HistoryEntry } from './history';

/** A row of the history, as it is stored. */
export type HistoryRow = Pick<HistoryEntry, 'id' | 'timestamp' | 'name' | 'reverting'>;

/** How the history's table and the package that writes it are called. */
export interface HistoryNames extends Pick<Words, 'package' | 'command'> {
  readonly table: string;
}

/** What is wrong with the history's rows, each with what mends it. */
export interface HistoryFault {
  readonly summary: string;
  readonly parts: readonly RemedyPart[];
}

/** The milliseconds at the end of a migration's name, by which TypeORM orders them. */
const timestampOf = (name: string): number => Number(name.slice(-13));

const listed = (names: readonly string[]): string => names.join(', ');

/** The fault, where anything mends it. */
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
    `${listed(unknown.map(({ name }) => name))}: not known to this version`,
    unknown.flatMap(({ id, name }) => [
      note(`Verify with the newer version of ${names.package} that made ${name}. Only where none did:`),
      statement(`DELETE FROM ${names.table} WHERE id = ${id}`),
    ]),
  );
}

/** Migrations that are recorded more than once: all rows but the first go. */
export function repeatedRows({ table }: HistoryNames, rows: readonly HistoryRow[]): HistoryFault[] {
  const repeated = rows.filter(({ name }, at) => rows.findIndex((row) => row.name === name) < at);
  return faultOf(
    `${listed([...new Set(repeated.map(({ name }) => name))])}: recorded more than once`,
    repeated.map(({ id }) => statement(`DELETE FROM ${table} WHERE id = ${id}`)),
  );
}

/** Rows whose timestamp is not their name's: TypeORM goes by it. */
export function mistimedRows(
  { table }: HistoryNames,
  rows: readonly HistoryRow[],
  known: readonly string[],
): HistoryFault[] {
  const wrong = rows.filter(({ name, timestamp }) => known.includes(name) && timestamp !== timestampOf(name));
  return faultOf(
    listed(wrong.map(({ name, timestamp }) => `${name} has the timestamp ${timestamp}`)),
    wrong.map(({ id, name }) =>
      statement(`UPDATE ${table} SET timestamp = ${timestampOf(name)} WHERE id = ${id}`),
    ),
  );
}

/** Rows that are not in the order of their migrations: a rollback goes by their ids, and would undo the wrong one. */
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
    `recorded in another order than they are made in: ${listed(first.map(({ name }) => name))}`,
    [
      ...sorted.map(({ name }, at) =>
        statement(`UPDATE ${table} SET id = ${highest + 1 + at} WHERE name = ${quoteText(name)}`),
      ),
      statement(`ALTER TABLE ${table} AUTO_INCREMENT = 1`),
    ],
  );
}

/** The INSERTs that record migrations, each between its neighbours where there is an id left for it. */
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
