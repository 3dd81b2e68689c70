import { setTimeout as delay } from 'node:timers/promises';
import { createTableSql } from '../engine/schema/ddl';
import type { Evidence, SubjectCheck, SubjectOutcome } from '../engine/subject/subject-check';
import { select, type Queryable } from '../engine/server/queryable';
import { errnoOf } from '../engine/server/row-transaction';
import { clockToleranceSeconds, prunedTable, withHints, wrongStatisticsSql } from '../statistics/meaning';
import { pruned } from './pruned-table';

type Found = Readonly<Record<string, unknown>>;

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
    what: 'running beside another one of their flow',
    remedy: [
      '-- Two programs have begun a run of one flow. Wait for their ends, or end, with its id, each that no worker has:',
      `-- UPDATE ${runs} SET status = 'error', completed_at = CURRENT_TIMESTAMP, error_message = 'began beside another run' WHERE status = 'running' AND id = '…';`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM (
  SELECT ${ofRun} FROM ${runs} WHERE started_at IS NOT NULL ORDER BY started_at DESC LIMIT ${newestRuns}) newest
 WHERE completed_at < started_at - ${apart}`,
    what: 'ended before they began',
    remedy: [
      '-- One program writes times of another time zone than the server, or its clock is wrong: correct that first. Then,',
      '-- for each run, with its id:',
      `-- UPDATE ${runs} SET started_at = completed_at WHERE id = '…';`,
    ],
  },
  {
    sql: `SELECT ${ofRun} FROM ${runs} WHERE started_at > CURRENT_TIMESTAMP + ${apart}`,
    what: 'beginning in the future',
    remedy: [
      '-- One program writes times of another time zone than the server, or its clock is wrong: correct that first. Then,',
      '-- for each run, with its id:',
      `-- UPDATE ${runs} SET started_at = created_at WHERE id = '…';`,
    ],
  },
];

/** The rows of a question, at most so many, each with the number of all. */
const bounded = (sql: string): string =>
  `SELECT *, COUNT(*) OVER () AS of_all FROM (${sql}) found LIMIT ${mostListed}`;

const counted = (rows: readonly Found[]): number => Number(rows[0]?.of_all ?? 0);

/** What is stored, and what would be right. */
const counters = [
  ['total_executions', 'right_total'],
  ['successful_executions', 'right_successful'],
  ['failed_executions', 'right_failed'],
] as const;
const last = [
  ['last_execution_id', 'right_last_id'],
  ['last_execution_status', 'right_last_status'],
  ['last_execution_time', 'right_last_time'],
] as const;

/** Other programs write a run and its flow in two transactions: what is wrong between the two is right soon. */
const looks = 3;
const pauseMs = 700;

/** By how much a flow is wrong: a flow that is busy has other counts at the next look, and is as wrong. */
function wrongness(row: Found): string {
  const apart = counters.map(([stored, right]) => Number(row[stored]) - Number(row[right]));
  return JSON.stringify([row.id, apart, last.map((pair) => pair.map((column) => row[column]))]);
}

/** The flows whose statistics are wrong, and as wrong at each look. */
async function findWrongFlows(session: Queryable, hinted: boolean): Promise<Evidence> {
  const sql = bounded(wrongStatisticsSql('', hinted));
  let rows = await select<Found>(session, sql);
  for (let look = 1; rows.length > 0 && look < looks; look += 1) {
    await delay(pauseMs);
    const now = new Set((await select<Found>(session, sql)).map(wrongness));
    rows = rows.filter((row) => now.has(wrongness(row)));
  }
  return { sql, rows };
}

const inWords = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : value === null ? 'none' : String(value);

/** `flow-1: total_executions 3 instead of 2`. */
function wrongInWords(row: Found): string {
  const differences = [...counters, ...last]
    .filter(([column, right]) => inWords(row[column]) !== inWords(row[right]))
    .map(([column, right]) => `${column} ${inWords(row[column])} instead of ${inWords(row[right])}`);
  return `${String(row.id)}: ${differences.join(', ')}`;
}

/** ER_NO_SUCH_TABLE. */
const isTableMissing = (error: unknown): boolean => errnoOf(error) === 1146;

const unkept: SubjectOutcome = {
  status: 'skip',
  summary: `there is no table ${prunedTable}, so nobody knows how many runs prune has removed`,
  evidence: [],
  remedy: [
    '-- Where the migration that makes it is pending: protection-flows migrate',
    '-- Where it is recorded, what the table held is lost. This makes it anew, and the counters those of the rows alone:',
    `${createTableSql(pruned)};`,
    '-- Then: protection-flows recount',
  ].join('\n'),
};

async function proveStatistics(session: Queryable): Promise<SubjectOutcome> {
  const flows = await withHints((hinted) => findWrongFlows(session, hinted));
  const evidence = [flows];
  const faults: string[] = [];
  const remedies: string[] = [];
  const wrong = flows.rows.length;
  if (wrong > 0) {
    const some = flows.rows.slice(0, 3).map(wrongInWords).join('; ');
    const count = wrong === mostListed ? counted(flows.rows) : wrong;
    faults.push(
      `the statistics of ${count} flow${count === 1 ? '' : 's'} are not what the runs make them: ${some}${count > 3 ? '; …' : ''}`,
    );
  }
  for (const { sql: rows, what, remedy } of rowFaults) {
    const sql = bounded(rows);
    const answer = { sql, rows: await select<Found>(session, sql) };
    evidence.push(answer);
    const count = counted(answer.rows);
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

/** The statistics of each flow are what its runs, and what prune removed, make them; and the runs themselves can be. */
export const statisticsCheck: SubjectCheck = {
  id: 'statistics',
  run: (session) =>
    proveStatistics(session).catch((error: unknown) => {
      if (isTableMissing(error)) return unkept;
      throw error;
    }),
};
