import { terminalStatuses, statusesBefore } from '../../../src/domain';
import { type Committed, jobId, silenceMs } from './world';

type Run = Committed['runs'] extends ReadonlyMap<string, infer Row> ? Row : never;

export const isOver = (run: Pick<Run, 'status'>): boolean =>
  terminalStatuses.some((one) => one === run.status);

const parsed = <Value>(value: unknown): Value =>
  (typeof value === 'string' ? JSON.parse(value) : value) as Value;

export const jobsOf = (run: Run): string[] => parsed<string[] | null>(run.created_job_ids) ?? [];
export const metadataOf = (run: Run): Record<string, unknown> =>
  parsed<Record<string, unknown> | null>(run.execution_metadata) ?? {};

/** The parts of an ended run that must not change. Only the acknowledgement of a cancel may follow. */
function finalForm(run: Run): string {
  const { cancel_acknowledged_at: _, ...metadata } = metadataOf(run);
  return JSON.stringify({ ...run, execution_metadata: metadata });
}

const growing = ['jobs_completed', 'jobs_failed', 'jobs_skipped', 'vms_processed'] as const;

function runFaults(was: Run, is: Run): string[] {
  const faults: string[] = [];
  if (isOver(was) && finalForm(was) !== finalForm(is))
    faults.push(`was over, and went from ${finalForm(was)} to ${finalForm(is)}`);
  else if (was.status !== is.status) {
    // Two transitions may become visible together: one call may wait for the row lock of another
    const near = statusesBefore(is.status);
    const far = near.flatMap((one) => statusesBefore(one));
    if (![...near, ...far].includes(was.status)) faults.push(`went from ${was.status} to ${is.status}`);
  }
  for (const count of growing) if (is[count] < was[count]) faults.push(`${count} went down`);
  const jobs = jobsOf(is);
  for (const job of jobsOf(was)) if (!jobs.includes(job)) faults.push(`${job} is not recorded any more`);
  if (!isOver(was) && isOver(is)) faults.push(...endFaults(was, is));
  return faults;
}

/** The reaper must not end a run that had a recent heartbeat right before. */
function endFaults(was: Run, is: Run): string[] {
  const isReaped = /no sign of life/.test(String((is as { error_message?: unknown }).error_message));
  const sign = new Date(String(metadataOf(was)['heartbeat_at'])).getTime();
  return isReaped && sign > Date.now() - silenceMs ? ['was taken for dead right after a sign of life'] : [];
}

/** A flow must be paused together with the failure that reaches its limit of failures in a row. */
function pauseFaults(flowId: string, before: Committed, now: Committed): string[] {
  const [was, is] = [before.flows.get(flowId), now.flows.get(flowId)];
  const limit = was?.failure_limit ?? null;
  if (was === undefined || is === undefined || limit === null || is.failure_limit !== limit) return [];
  const hasFailed = [...now.runs.values()].some(
    (run) => run.flow_id === flowId && run.status === 'error' && before.runs.get(run.id)?.status !== 'error',
  );
  if (!hasFailed || Number(was.is_paused) === 1) return [];
  const newest = [...now.runs.values()]
    .filter((run) => run.flow_id === flowId && ['success', 'warning', 'error'].includes(run.status))
    .sort(
      (one, other) => other.created_at.getTime() - one.created_at.getTime() || (one.id < other.id ? 1 : -1),
    )
    .slice(0, limit);
  const hasReached =
    newest.length === limit &&
    newest.every(({ status, id }) => status === 'error' && id !== was.counted_from);
  return hasReached && Number(is.is_paused) === 0
    ? [`${flowId} failed ${limit} times in a row and is not paused`]
    : [];
}

/** Returns what is impossible between two successive committed moments, whatever the calls were. */
export function lawsBroken(before: Committed, now: Committed): string[] {
  const faults: string[] = [];
  const running = new Map<string, string>();
  for (const run of now.runs.values()) {
    const was = before.runs.get(run.id);
    if (was !== undefined) faults.push(...runFaults(was, run).map((fault) => `${run.id} ${fault}`));
    if (run.status !== 'running') continue;
    const other = running.get(run.flow_id);
    if (other !== undefined) faults.push(`${run.flow_id} has two runs under way: ${other} and ${run.id}`);
    running.set(run.flow_id, run.id);
    const isClaimed = was?.status !== 'running' && 'worker' in metadataOf(run);
    if (isClaimed && Number(before.flows.get(run.flow_id)?.is_paused ?? 0) === 1)
      faults.push(`${run.id} was claimed although its flow was paused`);
  }
  for (const [id, was] of before.runs)
    if (!now.runs.has(id) && now.flows.has(was.flow_id) && !isOver(was))
      faults.push(`${id} was ${was.status}, and is gone`);
  for (const id of now.flows.keys()) faults.push(...pauseFaults(id, before, now));
  return faults;
}

/** True if an ended run counts at least as many jobs as it has recorded. */
export const isSettledRight = (run: Run): boolean =>
  run.jobs_completed + run.jobs_failed + run.jobs_skipped >= jobsOf(run).length;

/** The recorded jobs that are missing from a run. */
export const missingJobs = (run: Run, jobs: readonly number[]): string[] =>
  jobs.map(jobId).filter((job) => !jobsOf(run).includes(job));
