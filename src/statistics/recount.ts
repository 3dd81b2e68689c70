import {
  counterColumns,
  flowRecordTables,
  marks,
  prunedTable,
  statisticsColumns,
  wrongStatistics,
  type FlowStatistics,
  type WrongStatistics,
} from './meaning';

/** What executes the statements: a session inside a transaction. */
export interface Statements {
  select<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  write(sql: string, parameters?: readonly unknown[]): Promise<number>;
}

/** A flow whose statistics were not what its runs make them: what they were, and are now. */
export interface RecountedFlow {
  readonly id: string;
  readonly from: FlowStatistics;
  readonly to: FlowStatistics;
}

/** What a flow's statistics were and are to be. */
export function recountedOf(row: WrongStatistics): RecountedFlow {
  const of = (prefix: '' | 'right_'): FlowStatistics => {
    const values = statisticsColumns.map((column) => [column, row[prefix + column]] as const);
    const isCounter = (column: string): boolean => counterColumns.some((one) => one === column);
    return Object.fromEntries(
      values.map(([column, value]) => [column, isCounter(column) ? Number(value) : value]),
    ) as unknown as FlowStatistics;
  };
  return { id: row.id, from: of(''), to: of('right_') };
}

/** Of these flows, those whose statistics are wrong, in the order of their ids. */
export async function findWrong(
  statements: Pick<Statements, 'select'>,
  ids: readonly string[],
): Promise<RecountedFlow[]> {
  const { sql, parameters } = wrongStatistics(ids);
  return (await statements.select<WrongStatistics>(sql, parameters)).map(recountedOf);
}

const inWords = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : value === null ? 'none' : String(value);

/** The columns of a flow that differ, each with what it was and is to be, in words. */
export const changesOf = ({ from, to }: RecountedFlow): { column: string; was: string; is: string }[] =>
  Object.entries(from)
    .map(([column, was]) => ({ column, was: inWords(was), is: inWords(to[column as keyof FlowStatistics]) }))
    .filter(({ was, is }) => was !== is);

/**
 * Makes the statistics of flows agree with their runs and with what prune removed. The rows of the flows are locked: a
 * program of this package that begins or ends a run of them waits until the transaction ends. The lock comes before the
 * transaction's first other read, so that what is counted is what is there then.
 *
 * @returns what was wrong
 */
export async function recountFlows(statements: Statements, ids: readonly string[]): Promise<RecountedFlow[]> {
  await statements.select(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id FOR UPDATE`,
    ids,
  );
  const wrong = await findWrong(statements, ids);
  for (const { id, to } of wrong) {
    const columns = Object.keys(to);
    // Nobody has changed what the flow is
    await statements.write(
      `UPDATE protection_flows SET ${columns.map((column) => `${column} = ?`).join(', ')}, updated_at = updated_at WHERE id = ?`,
      [...Object.values(to), id],
    );
  }
  return wrong;
}

/** Runs of a flow that are deleted, as its statistics count them. */
export interface RemovedRun {
  readonly status: string;
  readonly has_begun: number | string;
}

/** Keeps in the flow's row of {@link prunedTable} that these runs are gone; in the transaction that deletes them. */
export async function keepRemoved(
  statements: Pick<Statements, 'write'>,
  flowId: string,
  removed: readonly RemovedRun[],
): Promise<void> {
  const counted = removed.filter(({ has_begun }) => Number(has_begun) === 1);
  if (counted.length === 0) return;
  const having = (wanted: string): number => counted.filter(({ status }) => status === wanted).length;
  await statements.write(
    `INSERT INTO ${prunedTable} (flow_id, ${counterColumns.join(', ')}) VALUES (?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE ${counterColumns.map((column) => `${column} = ${column} + VALUES(${column})`).join(', ')}`,
    [flowId, counted.length, having('success'), having('error')],
  );
}

/** Fails where the migration that makes {@link prunedTable} is pending. */
export async function assertKept(statements: Pick<Statements, 'select'>): Promise<void> {
  await statements.select(`SELECT flow_id FROM ${prunedTable} WHERE flow_id = ''`);
}

/** Forgets what the package's own tables say of flows that are no more. */
export async function forgetFlows(
  statements: Pick<Statements, 'write'>,
  flowIds: readonly string[],
): Promise<void> {
  if (flowIds.length === 0) return;
  for (const table of flowRecordTables)
    await statements.write(`DELETE FROM ${table} WHERE flow_id IN (${marks(flowIds)})`, flowIds);
}
