import { jobStatuses, type JobStatus } from '../../domain';
import type { PlatformColumns } from '../platform-columns';

/** The progress of a backup job. A value is null if the platform's release has no column for it. */
export interface JobState {
  readonly status: JobStatus;
  readonly bytes: number;
  /** Null: not known yet. */
  readonly totalBytes: number | null;
  /** The percentage that the job itself reports, 0 to 100; null: it reports none. */
  readonly ownPercent: number | null;
  readonly phase: string | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly lastTelemetryAt: Date | null;
  /** Seconds since lastTelemetryAt, by the server's clock; null: no telemetry yet. */
  readonly silentSeconds: number | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** Name in the result → the column of `backup_jobs` that it needs, and the SQL if it is not just that column. */
const fields: Readonly<Record<string, readonly [column: string, sql?: string]>> = {
  job_status: ['status'],
  job_bytes: ['bytes_transferred'],
  job_total: ['total_bytes'],
  job_percent: ['progress_percent'],
  job_phase: ['current_phase'],
  job_speed: ['transfer_speed_bps'],
  job_eta: ['eta_seconds'],
  job_telemetry: ['last_telemetry_at'],
  job_silence: ['last_telemetry_at', 'TIMESTAMPDIFF(SECOND, b.last_telemetry_at, CURRENT_TIMESTAMP)'],
  job_started: ['started_at', 'COALESCE(b.started_at, b.created_at)'],
  job_completed: ['completed_at'],
};

/** True if the platform has the table `backup_jobs`. */
export const hasJobs = (columns: PlatformColumns): boolean => columns.has('backup_jobs.id');

/** The columns of `backup_jobs b` that this release of the platform has, each after a comma. */
export function jobColumns(columns: PlatformColumns): string {
  return Object.entries(fields)
    .filter(([, [column]]) => columns.has(`backup_jobs.${column}`))
    .map(([name, [column, sql = `b.${column}`]]) => `, ${sql} AS ${name}`)
    .join('');
}

/**
 * The condition on `backup_jobs b` that excludes the parts of a job, one per disk (`…-disk0-…`). The id also contains the
 * VM's name, and that name may contain `-disk`: the second condition removes it. OR evaluates REPLACE, which is slower, only
 * for those ids.
 */
export const isWholeJob = "(b.id NOT LIKE '%-disk%' OR REPLACE(b.id, b.vm_name, '') NOT LIKE '%-disk%')";

/** Reads a number that is 0 when unknown; null then. */
const positive = (value: unknown): number | null => (Number(value ?? 0) > 0 ? Number(value) : null);

/** Reads the job in a row of a SELECT with {@link jobColumns}; null if the row has none. */
export function jobIn(row: Readonly<Record<string, unknown>>): JobState | null {
  if ((row['job_status'] ?? null) === null) return null;
  const status = row['job_status'] as JobStatus;
  const instant = (name: string): Date | null => (row[name] as Date | null | undefined) ?? null;
  const silence = row['job_silence'] ?? null;
  return {
    // Only a newer platform knows any other status: the job may still be under way
    status: jobStatuses.includes(status) ? status : 'running',
    bytes: Number(row['job_bytes'] ?? 0),
    totalBytes: positive(row['job_total']),
    ownPercent: positive(row['job_percent']),
    phase: (row['job_phase'] as string | null | undefined) || null,
    bytesPerSecond: positive(row['job_speed']),
    etaSeconds: positive(row['job_eta']),
    lastTelemetryAt: instant('job_telemetry'),
    silentSeconds: silence === null ? null : Number(silence),
    startedAt: instant('job_started'),
    completedAt: instant('job_completed'),
  };
}

/** The jobs of a run. */
export interface RunJobs {
  readonly jobs: readonly JobState[];
  /** How many jobs there will be. Jobs that are not in `jobs` have not begun, or have no row in `backup_jobs`. */
  readonly expected: number;
  /** How many jobs have ended, by the run's own counts. */
  readonly over: number;
}

/** True for a job that has ended, with any status. */
export const isOver = ({ status }: JobState): boolean => status !== 'pending' && status !== 'running';

/** Returns a percentage with two decimals, rounded down: it is 100 only when all is done. */
function percentOf(done: number, total: number): number {
  const percent = Math.floor((done / total) * 10_000) / 100;
  return Math.min(Math.max(percent, 0), 100);
}

/** The bytes of a job; an ended job may have copied more than it expected. */
const totalOf = (job: JobState): number =>
  isOver(job) ? Math.max(job.totalBytes ?? 0, job.bytes) : (job.totalBytes ?? 0);

/** The bytes of all jobs: done, and in total. `total` is null until every job knows its own. */
export function bytesOf({ jobs, expected }: RunJobs): {
  readonly done: number;
  readonly total: number | null;
} {
  const isKnown = jobs.length >= expected && jobs.every((job) => isOver(job) || job.totalBytes !== null);
  const total = jobs.reduce((sum, job) => sum + totalOf(job), 0);
  const done = jobs.reduce(
    (sum, job) => sum + (isOver(job) ? totalOf(job) : Math.min(job.bytes, totalOf(job))),
    0,
  );
  return isKnown && total > 0 ? { done, total } : { done, total: null };
}

const time = (instant: Date | null): number => instant?.getTime() ?? 0;

/**
 * The percentage of ended jobs right before the last job knew its bytes. That percentage was shown until then, and the
 * percentage by bytes must not be lower.
 */
function shownBefore({ jobs, expected }: RunJobs): number {
  const knewAt = (job: JobState): number => time(job.totalBytes === null ? job.completedAt : job.startedAt);
  const last = jobs.reduce((latest, job) => Math.max(latest, knewAt(job)), 0);
  const over = jobs.filter((job) => isOver(job) && time(job.completedAt) <= last).length;
  return percentOf(over, expected);
}

/**
 * Returns how much of a run is done, 0 to 100; null if it expects no jobs. Computed from bytes once every job knows its
 * own; until then from the number of ended jobs. If no job knows its bytes, each job under way counts by the percentage
 * that it reports.
 *
 * Guarantee: it does not fall while jobs go on and no further jobs are expected.
 */
export function runPercent(run: RunJobs): number | null {
  const { jobs, expected } = run;
  if (expected === 0) return null;
  const { done, total } = bytesOf(run);
  if (total !== null) return Math.max(percentOf(done, total), shownBefore(run));
  const over = Math.max(jobs.filter(isOver).length, run.over);
  if (jobs.some((job) => job.totalBytes !== null)) return percentOf(over, expected);
  const underWay = jobs.reduce((sum, job) => sum + (isOver(job) ? 0 : (job.ownPercent ?? 0) / 100), 0);
  return percentOf(over + underWay, expected);
}

/** Returns how much of one job is done, 0 to 100; null: not known. */
export function jobPercent(job: JobState): number | null {
  if (isOver(job)) return 100;
  return job.totalBytes === null ? job.ownPercent : percentOf(job.bytes, job.totalBytes);
}
