import { jobStatuses, type JobStatus } from '../../domain';
import type { PlatformColumns } from '../platform-columns';

/** A backup job as far as its progress goes; what the platform's release does not tell is null. */
export interface JobState {
  readonly status: JobStatus;
  readonly bytes: number;
  /** Null: not known (yet). */
  readonly totalBytes: number | null;
  /** By the job's own word, 0 to 100; null: it does not say. */
  readonly ownPercent: number | null;
  readonly phase: string | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  readonly lastTelemetryAt: Date | null;
  /** Since then, by the server's clock; null: it never told anything. */
  readonly silentSeconds: number | null;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** Name in the result → the column of `backup_jobs` that it needs, and SQL over `backup_jobs b` where that is not all. */
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

/** True where the platform keeps its backups in `backup_jobs`. */
export const hasJobs = (columns: PlatformColumns): boolean => columns.has('backup_jobs.id');

/** The columns of `backup_jobs b` that the platform's release has, with a comma in front. */
export function jobColumns(columns: PlatformColumns): string {
  return Object.entries(fields)
    .filter(([, [column]]) => columns.has(`backup_jobs.${column}`))
    .map(([name, [column, sql = `b.${column}`]]) => `, ${sql} AS ${name}`)
    .join('');
}

/**
 * The condition on `backup_jobs b` that leaves out the parts of a job, one for each disk (`…-disk0-…`). The VM's own name,
 * which stands in the id too, may have the word in it: only then it is taken out, which costs more than to look.
 */
export const isWholeJob = "(b.id NOT LIKE '%-disk%' OR REPLACE(b.id, b.vm_name, '') NOT LIKE '%-disk%')";

/** Of a number that is 0 where nothing is known. */
const positive = (value: unknown): number | null => (Number(value ?? 0) > 0 ? Number(value) : null);

/** The job in a row of a SELECT with {@link jobColumns}; null where there is none. */
export function jobIn(row: Readonly<Record<string, unknown>>): JobState | null {
  if ((row['job_status'] ?? null) === null) return null;
  const status = row['job_status'] as JobStatus;
  const instant = (name: string): Date | null => (row[name] as Date | null | undefined) ?? null;
  const silence = row['job_silence'] ?? null;
  return {
    // A state that only a newer platform knows: the job is not known to be over
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

/** What a run knows of its jobs. */
export interface RunJobs {
  readonly jobs: readonly JobState[];
  /** How many jobs there will be; those that are not in `jobs` have not begun, or are not in `backup_jobs`. */
  readonly expected: number;
  /** How many jobs are over, by the run's own counts. */
  readonly over: number;
}

/** True for a job that has come to its end, whichever. */
export const isOver = ({ status }: JobState): boolean => status !== 'pending' && status !== 'running';

/** A share as a percentage with two decimals; never 100 before all is done. */
function percentOf(done: number, total: number): number {
  const percent = Math.floor((done / total) * 10_000) / 100;
  return Math.min(Math.max(percent, 0), 100);
}

/** Of a job that is over nothing is left, whatever was to be copied at first. */
const totalOf = (job: JobState): number =>
  isOver(job) ? Math.max(job.totalBytes ?? 0, job.bytes) : (job.totalBytes ?? 0);

/** Bytes of jobs, and how many there are in all; null while a job does not know. */
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
 * What jobs alone showed right before the last of them knew its bytes: from then on the bytes decide, and the bar must
 * not fall back to them.
 */
function shownBefore({ jobs, expected }: RunJobs): number {
  const knewAt = (job: JobState): number => time(job.totalBytes === null ? job.completedAt : job.startedAt);
  const last = jobs.reduce((latest, job) => Math.max(latest, knewAt(job)), 0);
  const over = jobs.filter((job) => isOver(job) && time(job.completedAt) <= last).length;
  return percentOf(over, expected);
}

/**
 * How much of a run is done, from 0 to 100; null where nothing is known of its jobs. By bytes as soon as every job
 * knows its own; until then by the jobs that are over. Where no job knows its bytes, those under way count as
 * far as they say themselves.
 *
 * Guarantee: while jobs go on and no further ones are expected, it does not fall.
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

/** How much of one job is done; null where it does not know. */
export function jobPercent(job: JobState): number | null {
  if (isOver(job)) return 100;
  return job.totalBytes === null ? job.ownPercent : percentOf(job.bytes, job.totalBytes);
}
