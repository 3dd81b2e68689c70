/** Where prune keeps how many runs of each flow it has removed: one row a flow. */
export const prunedTable = 'sendense_flow_pruned';

/** Where the scheduler keeps what it did not run, and why: equal skips of a flow that follow each other share a row. */
export const skipsTable = 'sendense_flow_skips';

/** Where the scheduler keeps what each flow's times were computed from, and since when. */
export const timetablesTable = 'sendense_flow_timetables';

/** Where the scheduler counts what it did not run, by the reason: one row a flow and reason, which prune leaves alone. */
export const skipTotalsTable = 'sendense_flow_skip_totals';

/** Where pauses are kept, and how many failures in a row make one: one row a flow that has either. */
export const pausesTable = 'sendense_flow_pauses';

/** The package's own tables that speak of flows, in the order in which migrations make them: behind one that is missing none is. */
export const flowRecordTables = [
  prunedTable,
  skipsTable,
  timetablesTable,
  skipTotalsTable,
  pausesTable,
] as const;

/** The columns of a flow that count its runs. */
export const counterColumns = ['total_executions', 'successful_executions', 'failed_executions'] as const;

/** The columns of a flow that count its runs, and show its last one. */
export const statisticsColumns = [
  ...counterColumns,
  'last_execution_id',
  'last_execution_status',
  'last_execution_time',
] as const;

/** How far the clocks of two programs may be apart, in seconds, before what they wrote is wrong. */
export const clockToleranceSeconds = 60;

/** What a flow counts and shows of its runs. */
export interface FlowStatistics {
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
}

/** A flow's statistics as they are stored, and as `right_` columns what its runs make them; sums may be texts. */
export type WrongStatistics = { readonly id: string } & Readonly<Record<string, unknown>>;

/** `?, ?, ?`: a mark for each value. An empty list has no SQL: its caller answers without asking. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

const runs = 'protection_flow_executions';

/**
 * Selects the flows whose statistics are not what their runs, and what prune removed, make them. One statement, and so
 * one snapshot: a program that changes a run and its flow in one transaction is never seen half-way.
 *
 * Right is the run shown as the last one where it is there, runs or nothing runs, and no other began after it; otherwise the
 * run that runs, or began last. Its time is its start while it runs, its end afterwards, give or take a minute, as the
 * platform's hub reads its clock twice; while it runs the time may be absent, as the hub leaves it.
 *
 * The runs are counted by (flow_id, status) in the index of these columns, whatever the rows carry; what never began is
 * subtracted, which is what a queue has cancelled. The rest is looked up, flow by flow.
 *
 * @param ids the flows that are looked at; null: all
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
    const valueOf = (column: string): unknown => row[prefix + column];
    return {
      ...Object.fromEntries(statisticsColumns.map((column) => [column, valueOf(column)])),
      ...Object.fromEntries(counterColumns.map((column) => [column, Number(valueOf(column))])),
    } as unknown as FlowStatistics;
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
