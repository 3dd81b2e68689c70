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

/** The progress of a flow's run under way. A value is null if it is not known yet, or not in the platform's release. */
export interface RunProgress {
  readonly executionId: string;
  readonly startedAt: Date | null;
  /** 0 to 100, with two decimals. It does not fall while no further jobs are expected. */
  readonly percent: number | null;
  readonly bytesTransferred: number;
  /** Null until every job knows its own total. */
  readonly totalBytes: number | null;
  /** How many jobs there will be. */
  readonly jobs: number;
  /** How many jobs have ended. */
  readonly jobsOver: number;
  /** The phase of the job with the latest telemetry. */
  readonly phase: string | null;
  /** The sum over all jobs under way. */
  readonly bytesPerSecond: number | null;
  /** Seconds until the end at that speed; null for a stalled run. */
  readonly etaSeconds: number | null;
  /** The latest telemetry of a job under way. The platform's column has no time zone, and is read as UTC. */
  readonly lastTelemetryAt: Date | null;
  /** True if lastTelemetryAt is older than `stalledAfterMs`, by the server's clock; null: no telemetry yet. */
  readonly stalled: boolean | null;
}

/** The platform's own detector gives up a silent job after this time. */
const detectorMs = 300_000;
const longestMs = 365 * 86_400_000;

/** Reads the milliseconds of silence after which a job counts as stalled. */
export const silence = optional(count({ min: 1, max: longestMs }), detectorMs);

const reading = declareArguments('progress', {
  flowIds: flowsAtOnce,
  options: options({ stalledAfterMs: silence }),
});

/** A row per job of a run; a run without jobs has one row too. */
interface JobRow extends Readonly<Record<string, unknown>> {
  readonly id: string;
  /** The position in the run's list of jobs, from 1; null: the list is empty. */
  readonly place: string | number | null;
  readonly flow_id: string | null;
}

/** The first row of a run also holds the run's own columns; they are NULL in its further rows. */
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

type Told = 'etaSeconds' | 'silentSeconds' | 'bytesPerSecond';
type Combine = (one: number, other: number) => number;

/** Combines a value of all jobs that know it; null if none does. */
function among(jobs: readonly JobState[], told: Told, combine: Combine): number | null {
  const known = jobs.map((job) => job[told]).filter((value) => value !== null);
  // reduce passes the index and the list too, which Math.max would take for numbers
  return known.length === 0 ? null : known.reduce((one, other) => combine(one, other));
}

/** Seconds until the end: the rest of the bytes at the present speed, or else the longest time that a job reports. */
function etaOf({ done, total }: ReturnType<typeof bytesOf>, speed: number | null, jobs: readonly JobState[]) {
  if (total !== null && speed !== null) return Math.ceil((total - done) / speed);
  return among(jobs, 'etaSeconds', Math.max);
}

/** Groups rows by run. */
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
  const silent = among(active, 'silentSeconds', Math.min);
  const stalled = silent === null ? null : silent * 1000 > stalledAfterMs;
  const last = active.find((job) => silent !== null && job.silentSeconds === silent) ?? active[0];
  const bytesPerSecond = among(active, 'bytesPerSecond', (one, other) => one + other);
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

/** Other programs may have begun two runs of a flow: only the newest is shown. */
function isNewer({ run: one }: Run, { run: other }: Run): boolean {
  const [a, b] = [one.created_at.getTime(), other.created_at.getTime()];
  return a > b || (a === b && one.id > other.id);
}

/**
 * Reads each flow's run under way, in one query. It finds the few runs under way by the index on status, and then filters
 * by flow.
 *
 * @returns by flow id in the caller's spelling; flows without a run under way are left out
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
