import type { JobState } from './telemetry';

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
