/** Table of the numbers of runs that prune has removed: one row per flow. */
export const prunedTable = 'sendense_flow_pruned';

/** Table of the skipped runs, with the reason. Consecutive skips of a flow for the same reason share a row. */
export const skipsTable = 'sendense_flow_skips';

/** Table of each flow's timetables: the schedule from which its times were computed, and since when. */
export const timetablesTable = 'sendense_flow_timetables';

/** Table of the numbers of skipped runs: one row per flow and reason. Prune does not touch it. */
export const skipTotalsTable = 'sendense_flow_skip_totals';

/** Table of pauses, and of how many failures in a row cause one: one row per flow that has either. */
export const pausesTable = 'sendense_flow_pauses';

/** The package's own tables with a flow_id, in the order of their migrations: if one is missing, so are all after it. */
export const flowRecordTables = [
  prunedTable,
  skipsTable,
  timetablesTable,
  skipTotalsTable,
  pausesTable,
] as const;

/** The columns of a flow that count its runs. */
export const counterColumns = ['total_executions', 'successful_executions', 'failed_executions'] as const;

/** The columns of a flow that count its runs, and those that show its last run. */
export const statisticsColumns = [
  ...counterColumns,
  'last_execution_id',
  'last_execution_status',
  'last_execution_time',
] as const;

/** How far a stored time may differ from the right one, in seconds: the clocks of two programs differ a little. */
export const clockToleranceSeconds = 60;

/** A flow's counters of its runs, and its last run. */
export interface FlowStatistics {
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
}

/** A flow's stored statistics, and the right ones in columns with the prefix `right_`. The driver may return sums as texts. */
export type WrongStatistics = { readonly id: string } & Readonly<Record<string, unknown>>;

/** `?, ?, ?`: one placeholder per value. `IN ()` is not valid SQL, so callers do not query for an empty list. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

const runs = 'protection_flow_executions';

/**
 * Selects the flows whose statistics do not agree with their runs and with the numbers that prune kept. One statement has
 * one snapshot: if a program changes a run and its flow in one transaction, the statement sees both changes or neither.
 *
 * The stored last run is right if it exists, no other run began after it, and it is running or no run is. Otherwise the
 * right one is the run under way, or else the run that began last. Its time is its start while it runs, and its end
 * afterwards. A minute's difference is allowed, because the platform's hub reads its clock twice. While the run is under
 * way the time may also be null, because the hub does not set it.
 *
 * Runs are counted in the index on (flow_id, status), without reading the rows. Runs that never began, such as those
 * cancelled in the queue, are subtracted. The last run is looked up flow by flow.
 *
 * @param ids the flows to check; null: all
 */
export function wrongStatistics(ids: readonly string[] | null): { sql: string; parameters: string[] } {
  const among = (column: string): string => (ids === null ? 'TRUE' : `${column} IN (${marks(ids)})`);
  const counted = `
      SELECT f.id, ${statisticsColumns.map((column) => `f.${column}`).join(', ')},
             COALESCE(c.runs, 0) - COALESCE(n.runs, 0) + COALESCE(p.total_executions, 0) AS right_total_executions,
             COALESCE(c.successful, 0) - COALESCE(n.successful, 0) + COALESCE(p.successful_executions, 0) AS right_successful_executions,
             COALESCE(c.failed, 0) - COALESCE(n.failed, 0) + COALESCE(p.failed_executions, 0) AS right_failed_executions,
             COALESCE(c.running, 0) AS running,
             (SELECT x.started_at FROM ${runs} x WHERE x.flow_id = f.id ORDER BY x.started_at DESC LIMIT 1) AS newest
        FROM protection_flows f
        LEFT JOIN (SELECT flow_id, SUM(n) AS runs, SUM(IF(status = 'success', n, 0)) AS successful,
                          SUM(IF(status = 'error', n, 0)) AS failed, SUM(IF(status = 'running', n, 0)) AS running
                     FROM (SELECT flow_id, status, COUNT(*) AS n FROM ${runs}
                            WHERE ${among('flow_id')} GROUP BY flow_id, status) g
                    GROUP BY flow_id) c ON c.flow_id = f.id
        LEFT JOIN (SELECT flow_id, COUNT(*) AS runs, SUM(status = 'success') AS successful, SUM(status = 'error') AS failed
                     FROM ${runs} WHERE started_at IS NULL AND ${among('flow_id')} GROUP BY flow_id) n ON n.flow_id = f.id
        LEFT JOIN ${prunedTable} p ON p.flow_id = f.id
       WHERE ${among('f.id')}`;
  const shown = `
    SELECT s.*,
           CASE WHEN l.id IS NOT NULL AND (l.status = 'running' OR s.running = 0)
                     AND COALESCE(COALESCE(l.started_at, l.completed_at, l.created_at) >= s.newest, TRUE) THEN l.id
                WHEN s.running > 0 THEN (
                     SELECT x.id FROM ${runs} x WHERE x.flow_id = s.id AND x.status = 'running'
                      ORDER BY x.started_at DESC, x.id DESC LIMIT 1)
                ELSE (SELECT MAX(x.id) FROM ${runs} x WHERE x.flow_id = s.id AND x.started_at = s.newest)
                END AS right_last_execution_id
      FROM (${counted}) s
      LEFT JOIN ${runs} l ON l.id = s.last_execution_id AND l.flow_id = s.id`;
  const sql = `
SELECT * FROM (
  SELECT s.*, COALESCE(r.status, 'pending') AS right_last_execution_status,
         IF(r.status = 'running', r.started_at, COALESCE(r.completed_at, r.started_at)) AS right_last_execution_time
    FROM (${shown}) s
    LEFT JOIN ${runs} r ON r.id = s.right_last_execution_id) t
 WHERE NOT (${[...counterColumns, 'last_execution_id', 'last_execution_status'].map((one) => `${one} <=> right_${one}`).join(' AND ')}
        AND CASE WHEN right_last_execution_id IS NULL THEN last_execution_time IS NULL
                 WHEN right_last_execution_time IS NULL THEN TRUE
                 WHEN last_execution_time IS NULL THEN right_last_execution_status = 'running'
                 ELSE ABS(TIMESTAMPDIFF(SECOND, last_execution_time, right_last_execution_time)) <= ${clockToleranceSeconds} END)
 ORDER BY id`;
  return { sql, parameters: ids === null ? [] : [...ids, ...ids, ...ids] };
}

/** Executes statements inside a transaction. */
export interface Statements {
  select<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  write(sql: string, parameters?: readonly unknown[]): Promise<number>;
}

/** A flow whose statistics were wrong: the stored ones, and the right ones. */
export interface RecountedFlow {
  readonly id: string;
  readonly from: FlowStatistics;
  readonly to: FlowStatistics;
}

/** Reads the stored and the right statistics from a row of {@link wrongStatistics}. */
export function recountedOf(row: WrongStatistics): RecountedFlow {
  const of = (prefix: '' | 'right_'): FlowStatistics => {
    const valueOf = (column: string): unknown => row[prefix + column];
    return {
      ...Object.fromEntries(statisticsColumns.map((column) => [column, valueOf(column)])),
      ...Object.fromEntries(counterColumns.map((column) => [column, Number(valueOf(column))])),
    } as unknown as FlowStatistics;
  };
  return { id: row.id, from: of(''), to: of('right_') };
}

/** Returns those of these flows whose statistics are wrong, in the order of their ids. */
export async function findWrong(
  statements: Pick<Statements, 'select'>,
  ids: readonly string[],
): Promise<RecountedFlow[]> {
  const { sql, parameters } = wrongStatistics(ids);
  return (await statements.select<WrongStatistics>(sql, parameters)).map(recountedOf);
}

const inWords = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : value === null ? 'none' : String(value);

/** The columns of a flow that differ, each with its stored and its right value as text. */
export const changesOf = ({ from, to }: RecountedFlow): { column: string; was: string; is: string }[] =>
  Object.entries(from)
    .map(([column, was]) => ({ column, was: inWords(was), is: inWords(to[column as keyof FlowStatistics]) }))
    .filter(({ was, is }) => was !== is);

/**
 * Makes the statistics of flows agree with their runs and with the numbers that prune kept. Locks the flows' rows, so
 * this package begins and ends no run of these flows until the transaction ends. The lock is the transaction's first
 * read: the snapshot that is counted is therefore not older than the lock.
 *
 * @returns the flows that were wrong
 */
export async function recountFlows(statements: Statements, ids: readonly string[]): Promise<RecountedFlow[]> {
  await statements.select(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id FOR UPDATE`,
    ids,
  );
  const wrong = await findWrong(statements, ids);
  for (const { id, to } of wrong) {
    const columns = Object.keys(to);
    // updated_at is for changes of the flow itself
    await statements.write(
      `UPDATE protection_flows SET ${columns.map((column) => `${column} = ?`).join(', ')}, updated_at = updated_at WHERE id = ?`,
      [...Object.values(to), id],
    );
  }
  return wrong;
}

/** A deleted run, as far as its flow's statistics counted it. */
export interface RemovedRun {
  readonly status: string;
  readonly has_begun: number | string;
}

/** Adds deleted runs to the flow's row of {@link prunedTable}. The caller's transaction also deletes them. */
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

/** @throws MIGRATION_PENDING if {@link prunedTable} does not exist yet */
export async function assertKept(statements: Pick<Statements, 'select'>): Promise<void> {
  await statements.select(`SELECT flow_id FROM ${prunedTable} WHERE flow_id = ''`);
}

/** Deletes the rows of deleted flows from the package's own tables. */
export async function forgetFlows(
  statements: Pick<Statements, 'write'>,
  flowIds: readonly string[],
): Promise<void> {
  if (flowIds.length === 0) return;
  for (const table of flowRecordTables)
    await statements.write(`DELETE FROM ${table} WHERE flow_id IN (${marks(flowIds)})`, flowIds);
}
