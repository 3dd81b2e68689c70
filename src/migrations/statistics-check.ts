import { setTimeout as delay } from 'node:timers/promises';
import { createTableSql } from '../engine/schema/ddl';
import type { Evidence, SubjectCheck, SubjectOutcome } from '../engine/subject/parts';
import { isTableMissing, select, type Queryable } from '../engine/server/queryable';
import {
  clockToleranceSeconds,
  counterColumns,
  prunedTable,
  statisticsColumns,
  wrongStatistics,
  type WrongStatistics,
  changesOf,
  recountedOf,
} from '../statistics/meaning';
import type { Table } from '../engine/schema/shape';
import { ledgerTables } from './1795305606000-keep-what-did-not-run';
import { skipTotals } from './1795305607000-serve-metrics';
import { pauses } from './1795305608000-keep-what-is-paused';
import { pruned } from './1795305605000-keep-what-prune-removed';

/** The most flows or runs of a kind that a report lists. It counts the others. */
const mostListed = 20;

/** How many of the latest runs are checked for impossible times: no index finds these, and rows may be large. */
const newestRuns = 10_000;

/** A fault in the rows of runs, which no recount can repair. */
interface RowFault {
  /** The runs, with their flow. */
  readonly sql: string;
  /** What is wrong with them; follows "1 run" or "2 runs". */
  readonly what: string;
  readonly remedy: readonly string[];
}

const ofRun = 'id, flow_id, status, started_at, completed_at';
const runs = 'protection_flow_executions';
const apart = `INTERVAL ${clockToleranceSeconds} SECOND`;

/** The remedy for impossible times; `change` sets a run's times to likely ones. */
const correctTimes = (change: string): string[] => [
  '-- A program writes times in another time zone than the server, or its clock is wrong: correct that first. Then,',
  '-- for each run, with its id:',
  `-- UPDATE ${runs} SET ${change} WHERE id = '…';`,
];

const rowFaults: readonly RowFault[] = [
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE status = 'running' AND completed_at IS NOT NULL`,
    what: 'under way that ended already',
    remedy: [
      '-- A late write set an ended run back to running. This ends it with error: how it had ended is lost.',
      `UPDATE ${runs} SET status = 'error', error_message = COALESCE(error_message, 'put back to running after its end') WHERE status = 'running' AND completed_at IS NOT NULL;`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE status = 'running' AND flow_id IN (
  SELECT flow_id FROM ${runs} WHERE status = 'running' GROUP BY flow_id HAVING COUNT(*) > 1)`,
    what: 'under way beside another run of the same flow',
    remedy: [
      '-- Two programs have each begun a run of this flow. Wait until they end, or end each run without a worker by its id:',
      `-- UPDATE ${runs} SET status = 'error', completed_at = CURRENT_TIMESTAMP, error_message = 'began beside another run' WHERE status = 'running' AND id = '…';`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM (
  SELECT ${ofRun} FROM ${runs} WHERE started_at IS NOT NULL ORDER BY started_at DESC LIMIT ${newestRuns}) newest
 WHERE completed_at < started_at - ${apart}`,
    what: 'that ended before it began',
    remedy: correctTimes('started_at = completed_at'),
  },
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE started_at > CURRENT_TIMESTAMP + ${apart}`,
    what: 'that began in the future',
    remedy: correctTimes('started_at = created_at'),
  },
];

/** Limits a SELECT to {@link mostListed} rows, each with the number of all rows. */
const bounded = (sql: string): string =>
  `SELECT *, COUNT(*) OVER () AS of_all FROM (${sql}) found LIMIT ${mostListed}`;

/** Other programs write a run and its flow in two transactions: a difference between the two soon disappears. */
const looks = 3;
const pauseMs = 700;

/** If more flows differ, the next look reads all flows. */
const mostNamed = 1_000;

/** By how much a flow's statistics are wrong. A busy flow has other counts at the next look, but the same difference. */
function wrongness(row: WrongStatistics): string {
  const { id, from, to } = recountedOf(row);
  const apart = counterColumns.map((column) => from[column] - to[column]);
  const last = statisticsColumns.slice(counterColumns.length).map((column) => [from[column], to[column]]);
  return JSON.stringify([id, apart, last]);
}

/** Finds the flows whose statistics are wrong by the same difference at each look, and returns the first look's statement. */
async function findWrongFlows(session: Queryable): Promise<{ sql: string; rows: WrongStatistics[] }> {
  const ask = (ids: readonly string[] | null): Promise<WrongStatistics[]> => {
    const { sql, parameters } = wrongStatistics(ids);
    return select(session, sql, parameters);
  };
  let rows = await ask(null);
  for (let look = 1; rows.length > 0 && look < looks; look += 1) {
    await delay(pauseMs);
    const again = await ask(rows.length > mostNamed ? null : rows.map(({ id }) => id));
    const now = new Set(again.map(wrongness));
    rows = rows.filter((row) => now.has(wrongness(row)));
  }
  return { sql: wrongStatistics(null).sql, rows };
}

/** As in `flow-1: total_executions 3 instead of 2`. */
function wrongInWords(row: WrongStatistics): string {
  const differences = changesOf(recountedOf(row)).map(
    ({ column, was, is }) => `${column} ${was} instead of ${is}`,
  );
  return `${row.id}: ${differences.join(', ')}`;
}

/** A table that the statistics, the ledger or the pauses depend on. */
interface Kept {
  readonly table: Table;
  /** What nobody knows without it. */
  readonly knows: string;
  /** How an empty one gets its rows. */
  readonly filled: string;
}

const keptTables: readonly Kept[] = [
  {
    table: pruned,
    knows: 'how many runs prune has removed',
    filled: 'run protection-flows recount; the counters then count the existing runs alone',
  },
  ...[...ledgerTables, skipTotals].map((table) => ({
    table,
    knows: 'which runs did not take place, and why',
    filled: 'the next claim fills it',
  })),
  {
    table: pauses,
    knows: 'which flows are paused, and after how many failures',
    filled: 'pause the flows again',
  },
];

const unkept = (missing: readonly Kept[]): SubjectOutcome => ({
  status: 'skip',
  summary: missing
    .map(({ table, knows }) => `there is no table ${table.name}, so nobody knows ${knows}`)
    .join('; '),
  evidence: [],
  remedy: [
    '-- If the migrations that create them are pending: protection-flows migrate',
    '-- If these are recorded as applied, the content of the tables is lost. This creates them again, empty:',
    ...missing.map(({ table, filled }) => `${createTableSql(table)};\n-- ${table.name}: ${filled}`),
  ].join('\n'),
});

async function proveStatistics(session: Queryable): Promise<SubjectOutcome> {
  const { sql: asked, rows: wrong } = await findWrongFlows(session);
  const evidence: Evidence[] = [{ sql: asked, rows: wrong.slice(0, mostListed).map((row) => ({ ...row })) }];
  const faults: string[] = [];
  const remedies: string[] = [];
  if (wrong.length > 0) {
    const some = wrong.slice(0, 3).map(wrongInWords).join('; ');
    faults.push(
      `the statistics of ${wrong.length} flow${wrong.length === 1 ? '' : 's'} do not agree with the runs: ${some}${wrong.length > 3 ? '; …' : ''}`,
    );
  }
  for (const { sql: rows, what, remedy } of rowFaults) {
    const sql = bounded(rows);
    const answer = { sql, rows: await select(session, sql) };
    evidence.push(answer);
    const count = Number(answer.rows[0]?.['of_all'] ?? 0);
    if (count === 0) continue;
    faults.push(`${count} run${count === 1 ? '' : 's'} ${what}`);
    remedies.push(...remedy);
  }
  if (faults.length === 0)
    return {
      status: 'pass',
      summary: `the counters and the last run of each flow agree with its runs and with ${prunedTable}`,
      evidence,
      remedy: null,
    };
  const recount = 'protection-flows recount';
  const remedy = remedies.length === 0 ? recount : [...remedies, `-- Then: ${recount}`].join('\n');
  return { status: 'fail', summary: faults.join('; '), evidence, remedy };
}

/**
 * Checks that each flow's statistics agree with its runs and the removed runs, and that no run has impossible values. It is
 * skipped if a table of removed, skipped or paused runs is missing.
 */
export const statisticsCheck: SubjectCheck = {
  id: 'statistics',
  async run(session) {
    const missing: Kept[] = [];
    for (const kept of keptTables)
      try {
        await select(session, `SELECT flow_id FROM ${kept.table.name} LIMIT 0`);
      } catch (error) {
        if (!isTableMissing(error)) throw error;
        missing.push(kept);
      }
    if (missing.length > 0) return unkept(missing);
    return proveStatistics(session);
  },
};
