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

/** A report lists so many flows or runs of a kind, and counts the others. */
const mostListed = 20;

/** Of those that began last so many are looked at for times that can't be: no index tells, and rows may be large. */
const newestRuns = 10_000;

/** A fault of the rows of runs, which no recount can mend. */
interface RowFault {
  /** The runs, with their flow. */
  readonly sql: string;
  /** What they do, after "1 run" or "2 runs". */
  readonly what: string;
  readonly remedy: readonly string[];
}

const ofRun = 'id, flow_id, status, started_at, completed_at';
const runs = 'protection_flow_executions';
const apart = `INTERVAL ${clockToleranceSeconds} SECOND`;

/** What to do about times that can't be; `change` sets a run's times to what is likely. */
const correctTimes = (change: string): string[] => [
  '-- One program writes times of another time zone than the server, or its clock is wrong: correct that first. Then,',
  '-- for each run, with its id:',
  `-- UPDATE ${runs} SET ${change} WHERE id = '…';`,
];

const rowFaults: readonly RowFault[] = [
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE status = 'running' AND completed_at IS NOT NULL`,
    what: 'said to be running with the time of an end',
    remedy: [
      '-- A late write has put what had ended back to running. Ends it again; how it had ended is not known any more.',
      `UPDATE ${runs} SET status = 'error', error_message = COALESCE(error_message, 'put back to running after its end') WHERE status = 'running' AND completed_at IS NOT NULL;`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE status = 'running' AND flow_id IN (
  SELECT flow_id FROM ${runs} WHERE status = 'running' GROUP BY flow_id HAVING COUNT(*) > 1)`,
    what: 'under way beside another one of the flow',
    remedy: [
      '-- Two programs have begun a run of one flow. Wait for their ends, or end, with its id, each that no worker has:',
      `-- UPDATE ${runs} SET status = 'error', completed_at = CURRENT_TIMESTAMP, error_message = 'began beside another run' WHERE status = 'running' AND id = '…';`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM (
  SELECT ${ofRun} FROM ${runs} WHERE started_at IS NOT NULL ORDER BY started_at DESC LIMIT ${newestRuns}) newest
 WHERE completed_at < started_at - ${apart}`,
    what: 'with an end before the beginning',
    remedy: correctTimes('started_at = completed_at'),
  },
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE started_at > CURRENT_TIMESTAMP + ${apart}`,
    what: 'beginning in the future',
    remedy: correctTimes('started_at = created_at'),
  },
];

/** The rows of a question, at most so many, each with the number of all. */
const bounded = (sql: string): string =>
  `SELECT *, COUNT(*) OVER () AS of_all FROM (${sql}) found LIMIT ${mostListed}`;

/** Other programs write a run and its flow in two transactions: what is wrong between the two is right soon. */
const looks = 3;
const pauseMs = 700;

/** More flows are looked at again by looking at all. */
const mostNamed = 1_000;

/** By how much a flow is wrong: one that is busy has other counts at the next look, and is as wrong. */
function wrongness(row: WrongStatistics): string {
  const { id, from, to } = recountedOf(row);
  const apart = counterColumns.map((column) => from[column] - to[column]);
  const last = statisticsColumns.slice(counterColumns.length).map((column) => [from[column], to[column]]);
  return JSON.stringify([id, apart, last]);
}

/** The flows whose statistics are wrong, and as wrong at each look; all of them, with the statement of the first look. */
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

/** `flow-1: total_executions 3 instead of 2`. */
function wrongInWords(row: WrongStatistics): string {
  const differences = changesOf(recountedOf(row)).map(
    ({ column, was, is }) => `${column} ${was} instead of ${is}`,
  );
  return `${row.id}: ${differences.join(', ')}`;
}

/** A table that the statistics, or the ledger of what did not run, rest on. */
interface Kept {
  readonly table: Table;
  /** What nobody knows without it. */
  readonly knows: string;
  /** What its fresh one is to be filled with, and how. */
  readonly filled: string;
}

const keptTables: readonly Kept[] = [
  {
    table: pruned,
    knows: 'how many runs prune has removed',
    filled: 'the counters become those of the rows alone by protection-flows recount',
  },
  ...[...ledgerTables, skipTotals].map((table) => ({
    table,
    knows: 'which runs did not take place, and why',
    filled: 'the next claim fills it',
  })),
  {
    table: pauses,
    knows: 'which flows are paused, and after how many failures',
    filled: 'flows have to be paused anew',
  },
];

const unkept = (missing: readonly Kept[]): SubjectOutcome => ({
  status: 'skip',
  summary: missing
    .map(({ table, knows }) => `there is no table ${table.name}, so nobody knows ${knows}`)
    .join('; '),
  evidence: [],
  remedy: [
    '-- Where the migrations that make them are pending: protection-flows migrate',
    '-- Where they are recorded, what the tables held is lost. This makes them anew:',
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
      `the statistics of ${wrong.length} flow${wrong.length === 1 ? '' : 's'} are not what the runs make them: ${some}${wrong.length > 3 ? '; …' : ''}`,
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
 * The statistics of each flow are what its runs, and what prune removed, make them; and the runs themselves can be. It is
 * skipped where a table is missing that says what is no more, or what did not run.
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
