import { type Asked, count, declareArguments, optional, options } from '../../arguments';
import { flowsAtOnce } from '../executions/execution-list';
import { comparableText, withPlatformColumns, type PlatformColumns } from '../platform-columns';
import { grouped, marks, storedIds, withIndex } from '../statements';
import type { Session } from '../session';
import {
  bytesOf,
  isOver,
  runPercent,
  type RunJobs,
  hasJobs,
  jobColumns,
  jobIn,
  type JobState,
} from './job-states';

/** How the run of a flow goes that is under way. What the platform's release does not tell, and what is not known yet, is null. */
export interface RunProgress {
  readonly executionId: string;
  readonly startedAt: Date | null;
  /** 0 to 100, with two decimals; it does not fall while no further jobs are expected. */
  readonly percent: number | null;
  readonly bytesTransferred: number;
  /** Null until every job knows its own. */
  readonly totalBytes: number | null;
  /** How many jobs there will be. */
  readonly jobs: number;
  /** How many of them are over. */
  readonly jobsOver: number;
  /** The phase of the job that has told last. */
  readonly phase: string | null;
  /** Of all jobs under way. */
  readonly bytesPerSecond: number | null;
  /** Seconds until the end, at that speed; of a run that has stalled null. */
  readonly etaSeconds: number | null;
  /** The last sign of a job under way; the platform's column has no time zone, and is read as UTC. */
  readonly lastTelemetryAt: Date | null;
  /** True where that is older than asked for, by the server's clock; null where no job under way has ever told. */
  readonly stalled: boolean | null;
}

/** The platform's own detector gives a job up after so long. */
const detectorMs = 300_000;
const longestMs = 365 * 86_400_000;

/** How long a job may be silent before it counts as stalled, as it came from the caller: milliseconds. */
export const silence = optional(count({ min: 1, max: longestMs }), detectorMs);

const reading = declareArguments('progress', {
  flowIds: flowsAtOnce,
  options: options({ stalledAfterMs: silence }),
});

/** A job of a run; a run without jobs has one row too. */
interface JobRow extends Readonly<Record<string, unknown>> {
  readonly id: string;
  /** In the run's list of jobs, from 1; null: there is none in it. */
  readonly place: string | number | null;
  readonly flow_id: string | null;
}

/** The first row of a run: with what is the run's own, which is NULL in the further ones. */
interface RunRow extends JobRow {
  readonly flow_id: string;
  readonly started_at: Date | null;
  readonly created_at: Date;
  readonly jobs_created: number;
  readonly jobs_over: string | number;
  readonly bytes_transferred: string | number;
}

const runColumns = {
  flow_id: 'e.flow_id',
  started_at: 'e.started_at',
  created_at: 'e.created_at',
  jobs_created: 'e.jobs_created',
  jobs_over: 'e.jobs_completed + e.jobs_failed + e.jobs_skipped',
  bytes_transferred: 'e.bytes_transferred',
} satisfies Partial<Record<keyof RunRow, string>>;

function sqlFor(columns: PlatformColumns, hint: string, flowIds: readonly string[]): string {
  const there = hasJobs(columns);
  const own = Object.entries(runColumns).map(([name, sql]) => `IF(j.place > 1, NULL, ${sql}) AS ${name}`);
  const id = `id ${comparableText(columns, 'backup_jobs.id', 512)} PATH '$'`;
  return `SELECT e.id, j.place, ${own.join(', ')}${there ? jobColumns(columns) : ''}
            FROM protection_flow_executions e ${hint}
            LEFT JOIN JSON_TABLE(e.created_job_ids, '$[*]' COLUMNS (place FOR ORDINALITY, ${id})) j ON TRUE
            ${there ? 'LEFT JOIN backup_jobs b ON b.id = j.id' : ''}
           WHERE e.status = 'running' AND e.flow_id IN (${marks(flowIds)})`;
}

type Combine = (one: number, other: number) => number;
const sum: Combine = (one, other) => one + other;
// Not Math.max itself: reduce gives it the index and the list as well, and a spread list may be too long for a call
const most: Combine = (one, other) => Math.max(one, other);
const least: Combine = (one, other) => Math.min(one, other);

type Told = 'etaSeconds' | 'silentSeconds' | 'bytesPerSecond';

/** Combines what the jobs tell; null where none does. */
function among(jobs: readonly JobState[], told: Told, combine: Combine): number | null {
  const known = jobs.map((job) => job[told]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce(combine);
}

/** Seconds until the end: what is left at the speed now, or what the slowest job says of itself. */
function etaOf({ done, total }: ReturnType<typeof bytesOf>, speed: number | null, jobs: readonly JobState[]) {
  if (total !== null && speed !== null) return Math.ceil((total - done) / speed);
  return among(jobs, 'etaSeconds', most);
}

/** The runs under way, each with the rows of its jobs. */
const runsIn = (all: readonly JobRow[]) =>
  [...grouped(all, ({ id }) => id).values()].map((rows) => ({
    run: rows.find((row): row is RunRow => row.flow_id !== null)!,
    rows,
  }));

type Run = ReturnType<typeof runsIn>[number];

function progressOf({ run, rows }: Run, stalledAfterMs: number): RunProgress {
  const jobs = rows.map(jobIn).filter((job) => job !== null);
  const expected = Math.max(run.jobs_created, run.place === null ? 0 : rows.length);
  const known: RunJobs = { jobs, expected, over: Number(run.jobs_over) };
  const bytes = bytesOf(known);
  const active = jobs.filter((job) => job.status === 'running');
  const silent = among(active, 'silentSeconds', least);
  const stalled = silent === null ? null : silent * 1000 > stalledAfterMs;
  const last = active.find((job) => silent !== null && job.silentSeconds === silent) ?? active[0];
  const bytesPerSecond = among(active, 'bytesPerSecond', sum);
  const copied = jobs.reduce((all, job) => all + job.bytes, 0);
  return {
    executionId: run.id,
    startedAt: run.started_at,
    percent: runPercent(known),
    bytesTransferred: Math.max(copied, Number(run.bytes_transferred)),
    totalBytes: bytes.total,
    jobs: expected,
    jobsOver: Math.max(jobs.filter(isOver).length, known.over),
    phase: last?.phase ?? null,
    bytesPerSecond,
    etaSeconds: stalled === true ? null : etaOf(bytes, bytesPerSecond, active),
    lastTelemetryAt: last?.lastTelemetryAt ?? null,
    stalled,
  };
}

/** Other programs may have begun two runs of a flow: the newest is the one that is shown. */
function isNewer({ run: one }: Run, { run: other }: Run): boolean {
  const [a, b] = [one.created_at.getTime(), other.created_at.getTime()];
  return a > b || (a === b && one.id > other.id);
}

/**
 * The run of each flow that is under way, in one query: the runs under way are few, and found in their index, to which
 * the flows asked for are a filter.
 *
 * @returns by the flow's id as it was asked for; a flow of which none is under way is left out
 */
export async function readProgress(
  session: Session,
  given: Asked<typeof reading>,
): Promise<Map<string, RunProgress>> {
  const { flowIds, options } = reading(given);
  if (flowIds.length === 0) return new Map();
  const rows = await withPlatformColumns(session, (columns) =>
    withIndex<JobRow>(session, 'idx_status', (hint) => sqlFor(columns, hint, flowIds), flowIds),
  );
  const newest = new Map<string, Run>();
  for (const one of runsIn(rows)) {
    const { flow_id } = one.run;
    const other = newest.get(flow_id);
    if (other === undefined || isNewer(one, other)) newest.set(flow_id, one);
  }
  const running = [...newest.keys()];
  const asked = new Set(flowIds);
  const isSpelledSo = running.every((id) => asked.has(id));
  const stored = isSpelledSo ? null : await storedIds(session, 'protection_flows', flowIds, running);
  const progress = new Map<string, RunProgress>();
  for (const id of flowIds) {
    const run = newest.get(stored?.get(id) ?? id);
    if (run !== undefined) progress.set(id, progressOf(run, options.stalledAfterMs));
  }
  return progress;
}
