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
