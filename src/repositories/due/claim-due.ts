import { choice, count, name, optional, options, type ValueOf } from '../../arguments';
import { instant, limitOf } from '../input';
import { idsOf, marks, storedIds, orEmpty } from '../statements';
import {
  type ExecutionRow,
  type FlowRow,
  ProtectionFlow,
  type ProtectionFlowExecution,
} from '../../entities';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { nextTime, type NextTime } from '../../schedule';
import { insertDueRuns } from '../executions/start';
import { readPaused } from '../flows/pauses';
import { keepDecisions, type SkipReason } from './ledger';
import { readSchedules } from './schedules';

/**
 * Returns the backup repositories whose rows another claim holds locked. This transaction locks the others until it ends,
 * so that no other claim begins runs for them meanwhile. It never waits for a lock. A repository without a row can't be
 * locked, and is not returned.
 */
async function findBusy(session: Session, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const read = (lock: string): Promise<{ id: string }[]> =>
    orEmpty(session.select(`SELECT id FROM backup_repositories WHERE id IN (${marks(ids)}) ${lock}`, ids));
  const free = new Set(idsOf(await read('FOR UPDATE SKIP LOCKED')));
  const known = idsOf(await read(''));
  const stored = await storedIds(session, 'backup_repositories', ids, known);
  return [...stored].flatMap(([id, row]) => (free.has(row) ? [] : [id]));
}

/**
 * Chooses among candidates so that no backup repository gets more than `perRepository` runs under way. A candidate without
 * a repository has no limit. Repositories with the fewest runs under way come first, so that none waits for a busier one.
 * Ties are decided at random: by age, the repository with the most old work would always win.
 *
 * @param candidates a SELECT of `id`, `repository_id` and `since`; within a repository the lowest `since` comes first
 * @returns ids in the order in which to run them; the repositories' rows stay locked until the transaction ends
 */
export async function chooseFair(
  session: Session,
  candidates: string,
  parameters: readonly unknown[],
  { limit, perRepository }: { readonly limit: number; readonly perRepository: number },
): Promise<string[]> {
  const found = await session.select<{ repository_id: string | null }>(
    `SELECT DISTINCT c.repository_id FROM (${candidates}) c`,
    parameters,
  );
  if (found.length === 0) return [];
  const ids = found.flatMap((row) => row.repository_id ?? []);
  const busy = await findBusy(session, ids);
  const isFree = busy.length === 0 ? '' : `AND p.repository_id NOT IN (${marks(busy)})`;
  const chosen = await session.select<{ id: string }>(
    `SELECT p.id FROM (
        SELECT c.*, COALESCE(r.runs, 0) + ROW_NUMBER() OVER (PARTITION BY c.repository_id ORDER BY c.since, c.id) AS place
          FROM (${candidates}) c LEFT JOIN (
               SELECT o.repository_id, COUNT(*) AS runs FROM protection_flow_executions u JOIN protection_flows o ON o.id = u.flow_id
                WHERE u.status = 'running' GROUP BY o.repository_id ${session.currentRead}) r ON r.repository_id = c.repository_id) p
      WHERE p.repository_id IS NULL OR (p.place <= ? ${isFree}) ORDER BY p.place, RAND() LIMIT ?`,
    [...parameters, perRepository, ...busy, limit],
  );
  return idsOf(chosen);
}

/** A claimed run, and its flow as it was when the run was claimed. */
export interface Claim {
  readonly execution: ExecutionRow;
  readonly flow: FlowRow;
  /** When the run was due; null if somebody started it by hand or through the API. */
  readonly dueAt: Date | null;
}

/** A due flow whose run was skipped. */
export interface SkippedRun {
  readonly flowId: string;
  readonly reason: SkipReason;
  readonly dueAt: Date;
}

/** The result of a claim. */
export interface ClaimResult {
  /** Begun: the caller runs them now. */
  readonly claimed: readonly Claim[];
  /** Queued, because a run of the flow is still under way. */
  readonly queued: readonly Claim[];
  readonly skipped: readonly SkippedRun[];
}

/** How to claim. */
export interface ClaimOptions {
  /** Who claims. Kept as the run's `triggered_by`, and in its metadata as `worker`. */
  readonly worker: string;
  /** 1 to 1,000 flows. Default: 20. */
  readonly limit?: number | undefined;
  /**
   * The most runs of one backup repository that may be under way at once, counting those of all programs: 1 to 1,000.
   * Further flows stay due. Repositories with the fewest runs come first. Default: no limit, and the longest due come first.
   */
  readonly perRepository?: number | undefined;
  /** What to do with a due flow whose previous run is still under way: skip the run, or queue one run. Default: `skip`. */
  readonly overlap?: 'skip' | 'queue' | undefined;
  /** What to do with a run that is long overdue because nobody claimed it: run it once now, or skip it. Default: `run`. */
  readonly missed?: 'run' | 'skip' | undefined;
  /** From how many milliseconds on a run is long overdue. Default: 1 hour. */
  readonly missedAfterMs?: number | undefined;
  /** Default: the server's time. */
  readonly now?: Date | undefined;
}

const anHourMs = 3_600_000;
const longestMs = 10 * 365 * 24 * anHourMs;

/** The options of every claim: who claims, how many runs, and how many of one backup repository. */
export const claimReaders = {
  worker: name,
  limit: limitOf(1_000, 20),
  perRepository: optional(count({ min: 1, max: 1_000 }), null),
};

/** Reads {@link ClaimOptions}, and fills in the defaults. */
export const claimOptions = options({
  ...claimReaders,
  overlap: optional(choice(['skip', 'queue']), 'skip'),
  missed: optional(choice(['run', 'skip']), 'run'),
  missedAfterMs: optional(count({ min: 0, max: longestMs }), anHourMs),
  now: optional(instant, null),
});

type ClaimSettings = ValueOf<typeof claimOptions>;

interface DueFlow {
  readonly flow: ProtectionFlow;
  readonly dueAt: Date;
}

/** What to do with a due flow: run it now, queue a run, or skip it for that reason. */
type Verdict = 'run' | 'queue' | SkipReason;

/**
 * Locks the due flows that no other transaction holds, longest due first, until the transaction ends. `at` is the server's
 * time; `now` is the caller's, or else the same.
 */
async function lockDue(session: Session, { limit, perRepository, now }: ClaimSettings) {
  const reader = rowReader(session.manager, ProtectionFlow);
  const isDue = `f.enabled = 1 AND f.next_execution_time <= ${now === null ? 'CURRENT_TIMESTAMP' : '?'}`;
  const given = now === null ? [] : [now];
  const candidates = `SELECT f.id, f.repository_id, f.next_execution_time AS since FROM protection_flows f WHERE ${isDue}`;
  const chosen =
    perRepository === null ? null : await chooseFair(session, candidates, given, { limit, perRepository });
  if (chosen?.length === 0) return null;
  const rows = await session.select<RawRow & { at: Date; next_execution_time: Date }>(
    `SELECT ${reader.columns('f')}, CURRENT_TIMESTAMP AS at
       FROM protection_flows f ${chosen === null ? '' : 'FORCE INDEX (PRIMARY)'}
      WHERE ${isDue} ${chosen === null ? '' : `AND f.id IN (${marks(chosen)})`}
      ORDER BY f.next_execution_time, f.id LIMIT ? FOR UPDATE SKIP LOCKED`,
    [...given, ...(chosen ?? []), limit],
  );
  const [first] = rows;
  if (first === undefined) return null;
  const due = rows.map((row) => ({ flow: reader.read(row), dueAt: row.next_execution_time }));
  return { due, at: first.at, now: now ?? first.at };
}

/** Returns the stored ids of the flows with a run under way, and of those with a run in the queue. */
async function readActive(session: Session, ids: readonly string[]) {
  const rows = await session.select<{ flow_id: string; status: string }>(
    `SELECT DISTINCT flow_id, status FROM protection_flow_executions
      WHERE flow_id IN (${marks(ids)}) AND status IN ('pending', 'running') ${session.currentRead}`,
    ids,
  );
  // Other programs may have spelled the flow's id differently
  const spellings = rows.map((row) => row.flow_id);
  const stored = await storedIds(session, 'protection_flows', spellings, ids);
  const of = (status: string): Set<string> =>
    new Set(rows.filter((row) => row.status === status).map((row) => stored.get(row.flow_id) ?? row.flow_id));
  return { running: of('running'), waiting: of('pending') };
}

function verdictOn(
  { flow, dueAt }: DueFlow,
  { running, waiting, paused }: Record<'running' | 'waiting' | 'paused', ReadonlySet<string>>,
  time: NextTime,
  now: Date,
  settings: ClaimSettings,
): Verdict {
  const reason = time.next === null ? time.reason : null;
  if (reason !== null && reason !== 'chained' && reason !== 'never') return reason;
  if (paused.has(flow.id)) return 'paused';
  if (settings.missed === 'skip' && now.getTime() - dueAt.getTime() > settings.missedAfterMs) return 'missed';
  if (!running.has(flow.id)) return 'run';
  return settings.overlap === 'queue' && !waiting.has(flow.id) ? 'queue' : 'still-running';
}

/** Joins due flows and the runs that were created for them; both are in the same order. */
const claims = (due: readonly DueFlow[], runs: readonly ProtectionFlowExecution[]): Claim[] =>
  due.map(({ flow, dueAt }, place) => ({ execution: runs[place]!, flow, dueAt }));

/** Makes the assignment of next times: `column = CASE … END`, as all flows of a schedule have the same one. */
function nextTimes(times: ReadonlyMap<string | null, NextTime>): { sql: string; parameters: unknown[] } {
  const given = [...times].filter(([schedule, { next }]) => schedule !== null && next !== null);
  if (given.length === 0) return { sql: 'f.next_execution_time = NULL', parameters: [] };
  return {
    sql: `f.next_execution_time = CASE f.schedule_id ${given.map(() => 'WHEN ? THEN ?').join(' ')} END`,
    parameters: given.flatMap(([schedule, { next }]) => [schedule, next]),
  };
}

/**
 * Sets every flow's next time. For flows that begin a run, also counts the run and records it as the last one.
 *
 * @param times by schedule id, in each spelling of the flows
 */
async function advance(
  session: Session,
  flows: readonly Pick<FlowRow, 'id'>[],
  times: ReadonlyMap<string | null, NextTime>,
  started: readonly ProtectionFlowExecution[],
): Promise<void> {
  const { sql, parameters } = nextTimes(times);
  if (started.length > 0)
    await session.write(
      `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
          SET ${sql}, f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
              f.last_execution_time = e.started_at, f.last_execution_status = 'running'
        WHERE e.id IN (${marks(started)})`,
      [...parameters, ...started.map(({ id }) => id)],
    );
  const begun = new Set(started.map(({ flow_id }) => flow_id));
  const others = flows.flatMap(({ id }) => (begun.has(id) ? [] : [id]));
  if (others.length > 0)
    await session.write(`UPDATE protection_flows f SET ${sql} WHERE f.id IN (${marks(others)})`, [
      ...parameters,
      ...others,
    ]);
}

/** Claims due flows inside the caller's transaction: it creates their runs and sets their next times, or neither. */
export async function claimDueFlows(session: Session, settings: ClaimSettings): Promise<ClaimResult> {
  const locked = await lockDue(session, settings);
  if (locked === null) return { claimed: [], queued: [], skipped: [] };
  const { due, at, now } = locked;
  const flows = due.map(({ flow }) => flow);
  const schedules = await readSchedules(session, flows);
  const active = {
    ...(await readActive(session, idsOf(flows))),
    paused: await readPaused(session, idsOf(flows), now),
  };
  const times = new Map(
    flows.map(({ schedule_id }) => [schedule_id, nextTime(schedules.get(schedule_id), now)]),
  );
  const judged = due.map((one) => {
    const time = times.get(one.flow.schedule_id)!;
    const verdict = verdictOn(one, active, time, now, settings);
    const skip = verdict === 'run' || verdict === 'queue' ? null : verdict;
    return { ...one, verdict, skip, next: time.next };
  });
  const toStart = judged.filter(({ verdict }) => verdict === 'run');
  const toQueue = judged.filter(({ verdict }) => verdict === 'queue');
  const started = await insertDueRuns(session, toStart, 'running', settings.worker, at);
  const waiting = await insertDueRuns(session, toQueue, 'pending', settings.worker, at);
  await advance(session, flows, times, started);
  await keepDecisions(session, judged, schedules, now);
  const skipped = judged.flatMap(({ flow, dueAt, skip }) =>
    skip === null ? [] : [{ flowId: flow.id, reason: skip, dueAt }],
  );
  return { claimed: claims(toStart, started), queued: claims(toQueue, waiting), skipped };
}
