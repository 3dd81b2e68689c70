import { type ExecutionRow, type FlowRow, ProtectionFlow, ProtectionFlowExecution } from '../../entities';
import { uuidv7 } from 'uuidv7';
import { marks, storedIds } from '../statements';
import { selectExecutions } from '../executions/execution-list';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { traceTransition } from '../executions/transition';
import { nextTime, type NextTime } from '../../schedule';
import { chooseFair } from './choose-fair';
import { readPaused } from '../flows/pauses';
import { keepDecisions, type SkipReason } from './ledger';
import { readSchedules, scheduleOf, type Schedules } from './schedules';

/** A run that was claimed, and its flow as it was at that moment. */
export interface Claim {
  readonly execution: ExecutionRow;
  readonly flow: FlowRow;
  /** When the run was due; null for one that was asked for by hand or through the API. */
  readonly dueAt: Date | null;
}

/** A due flow that was not run. */
export interface SkippedRun {
  readonly flowId: string;
  readonly reason: SkipReason;
  readonly dueAt: Date;
}

/** What a claim came to. */
export interface ClaimResult {
  /** To be run by the claimer, now. */
  readonly claimed: readonly Claim[];
  /** Put into the queue, as their flow still runs. */
  readonly queued: readonly Claim[];
  readonly skipped: readonly SkippedRun[];
}

/** How to claim. */
export interface ClaimOptions {
  /** Who claims: kept as the run's `triggered_by`, and in its metadata as `worker`. */
  readonly worker: string;
  /** 1 to 1,000 flows. Default: 20. */
  readonly limit?: number | undefined;
  /**
   * The most runs under way at once of flows with the same backup repository, whoever runs them, 1 to 1,000; further ones
   * stay due. Those whose repository has the least under way come first. Default: no limit, the longest due first.
   */
  readonly perRepository?: number | undefined;
  /** What becomes of a flow that is due and still runs: passed over, or run once when it is free. Default: `skip`. */
  readonly overlap?: 'skip' | 'queue' | undefined;
  /** What becomes of a run whose time is long past, as nobody claimed: made up for once, or left out. Default: `run`. */
  readonly missed?: 'run' | 'skip' | undefined;
  /** How long past, in milliseconds. Default: 1 hour. */
  readonly missedAfterMs?: number | undefined;
  /** Default: the server's time. */
  readonly now?: Date | undefined;
}

/** {@link ClaimOptions} with their defaults. */
interface ClaimSettings {
  readonly worker: string;
  readonly limit: number;
  readonly perRepository: number | null;
  readonly overlap: 'skip' | 'queue';
  readonly missed: 'run' | 'skip';
  readonly missedAfterMs: number;
  readonly now: Date | null;
}

interface DueFlow {
  readonly flow: ProtectionFlow;
  readonly dueAt: Date;
}

/** What becomes of a due flow. */
type Verdict = { readonly run: 'now' | 'later' } | { readonly skip: SkipReason };

/** The due flows that nobody else is claiming, oldest first; locked until the transaction ends. */
async function lockDue(
  session: Session,
  { limit, perRepository, now }: ClaimSettings,
): Promise<{ due: DueFlow[]; now: Date } | null> {
  const reader = rowReader(session.manager, ProtectionFlow);
  const isDue = `f.enabled = 1 AND f.next_execution_time <= ${now === null ? 'CURRENT_TIMESTAMP' : '?'}`;
  const at = now === null ? [] : [now];
  const candidates = `SELECT f.id, f.repository_id, f.next_execution_time AS since FROM protection_flows f WHERE ${isDue}`;
  const chosen =
    perRepository === null ? null : await chooseFair(session, candidates, at, { limit, perRepository });
  if (chosen?.length === 0) return null;
  const rows = await session.select<RawRow & { now: Date; next_execution_time: Date }>(
    `SELECT ${reader.columns('f')}, CURRENT_TIMESTAMP AS now
       FROM protection_flows f ${chosen === null ? '' : 'FORCE INDEX (PRIMARY)'}
      WHERE ${isDue} ${chosen === null ? '' : `AND f.id IN (${marks(chosen)})`}
      ORDER BY f.next_execution_time, f.id LIMIT ? FOR UPDATE SKIP LOCKED`,
    [...at, ...(chosen ?? []), limit],
  );
  const [first] = rows;
  if (first === undefined) return null;
  const due = rows.map((row) => ({ flow: reader.read(row), dueAt: row.next_execution_time }));
  return { due, now: now ?? first.now };
}

/** Of the flows, by their stored ids, those that run, and those for which a run waits already. */
async function readActive(
  session: Session,
  ids: readonly string[],
): Promise<{ running: Set<string>; waiting: Set<string> }> {
  const rows = await session.select<{ flow_id: string; status: string }>(
    `SELECT DISTINCT flow_id, status FROM protection_flow_executions
      WHERE flow_id IN (${marks(ids)}) AND status IN ('pending', 'running') ${session.currentRead}`,
    ids,
  );
  // Others may have spelled the flow's id in their own way
  const stored = await storedIds(
    session,
    'protection_flows',
    rows.map((row) => row.flow_id),
    ids,
  );
  const of = (status: string): Set<string> =>
    new Set(rows.filter((row) => row.status === status).map((row) => stored.get(row.flow_id) ?? row.flow_id));
  return { running: of('running'), waiting: of('pending') };
}

/** Inserts a run for each time of a flow, all in one statement; answers their ids, in that order. */
export async function insertRuns(
  session: Session,
  due: readonly { readonly flow: Pick<FlowRow, 'id'>; readonly dueAt: Date }[],
  status: 'running' | 'pending',
  { worker }: Pick<ClaimSettings, 'worker'>,
): Promise<string[]> {
  if (due.length === 0) return [];
  const startedAt = status === 'running' ? 'CURRENT_TIMESTAMP' : 'NULL';
  const rows = due.map(({ flow, dueAt }) => {
    const facts = { worker: status === 'running' ? worker : undefined, due_at: dueAt.toISOString() };
    return [uuidv7(), flow.id, worker, JSON.stringify(facts)];
  });
  const ids = rows.map(([id]) => id as string);
  const sql = `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, triggered_by, execution_metadata)
     VALUES ${rows.map(() => `(?, ?, '${status}', 'scheduled', ${startedAt}, ?, ?)`).join(', ')}`;
  await traceTransition(status, ids, () => session.write(sql, rows.flat()));
  return ids;
}

async function readRuns(
  session: Session,
  ids: readonly string[],
): Promise<Map<string, ProtectionFlowExecution>> {
  if (ids.length === 0) return new Map();
  const runs = await selectExecutions(session, `WHERE e.id IN (${marks(ids)})`, ids);
  return new Map(runs.map((run) => [run.flow_id, run]));
}

/** Gives every flow its next time; those that begin a run count and show it. */
async function advance(
  session: Session,
  due: readonly DueFlow[],
  times: ReadonlyMap<string, NextTime>,
  started: ReadonlyMap<string, ProtectionFlowExecution>,
): Promise<void> {
  const next = due.map(({ flow }) => [flow.id, times.get(flow.id)?.next ?? null]);
  const caseNext = `next_execution_time = CASE id ${next.map(() => 'WHEN ? THEN ?').join(' ')} END`;
  const parameters: unknown[] = next.flat();
  const running = [...started.values()];
  const shown =
    running.length === 0
      ? ''
      : `, total_executions = total_executions + (id IN (${marks(running)})),
           last_execution_id = CASE id ${running.map(() => 'WHEN ? THEN ?').join(' ')} ELSE last_execution_id END,
           last_execution_time = CASE id ${running.map(() => 'WHEN ? THEN ?').join(' ')} ELSE last_execution_time END,
           last_execution_status = CASE WHEN id IN (${marks(running)}) THEN 'running' ELSE last_execution_status END`;
  const ids = running.map((run) => run.flow_id);
  parameters.push(
    ...ids,
    ...running.flatMap((run) => [run.flow_id, run.id]),
    ...running.flatMap((run) => [run.flow_id, run.started_at]),
    ...ids,
  );
  await session.write(`UPDATE protection_flows SET ${caseNext}${shown} WHERE id IN (${marks(due)})`, [
    ...parameters,
    ...due.map(({ flow }) => flow.id),
  ]);
}

function verdictOn(
  { flow, dueAt }: DueFlow,
  { running, waiting, paused }: Record<'running' | 'waiting' | 'paused', ReadonlySet<string>>,
  schedules: Schedules,
  time: NextTime,
  now: Date,
  settings: ClaimSettings,
): Verdict {
  const reason = time.next === null ? time.reason : null;
  if (scheduleOf(schedules, flow.schedule_id) === undefined) return { skip: 'no-schedule' };
  if (reason === 'schedule-disabled' || reason === 'schedule-invalid') return { skip: reason };
  if (paused.has(flow.id)) return { skip: 'paused' };
  if (settings.missed === 'skip' && now.getTime() - dueAt.getTime() > settings.missedAfterMs)
    return { skip: 'missed' };
  if (!running.has(flow.id)) return { run: 'now' };
  return settings.overlap === 'queue' && !waiting.has(flow.id) ? { run: 'later' } : { skip: 'still-running' };
}

function claims(due: readonly DueFlow[], runs: ReadonlyMap<string, ProtectionFlowExecution>): Claim[] {
  return due.flatMap(({ flow, dueAt }) => {
    const execution = runs.get(flow.id);
    return execution === undefined ? [] : [{ execution, flow, dueAt }];
  });
}

/** Claims due flows within a transaction: their runs are there and their next times set, or neither. */
export async function claimDueFlows(session: Session, settings: ClaimSettings): Promise<ClaimResult> {
  const locked = await lockDue(session, settings);
  if (locked === null) return { claimed: [], queued: [], skipped: [] };
  const { due, now } = locked;
  const ids = due.map(({ flow }) => flow.id);
  const schedules = await readSchedules(
    session,
    due.map(({ flow }) => flow.schedule_id),
  );
  const active = { ...(await readActive(session, ids)), paused: await readPaused(session, ids, now) };
  const times = new Map(
    due.map(({ flow }) => [flow.id, nextTime(scheduleOf(schedules, flow.schedule_id), now)]),
  );
  const judged = due.map((one) => ({
    one,
    verdict: verdictOn(one, active, schedules, times.get(one.flow.id)!, now, settings),
  }));
  const toRun = (when: 'now' | 'later'): DueFlow[] =>
    judged.filter(({ verdict }) => 'run' in verdict && verdict.run === when).map(({ one }) => one);
  const [toStart, toQueue] = [toRun('now'), toRun('later')];
  const started = await readRuns(session, await insertRuns(session, toStart, 'running', settings));
  const waiting = await readRuns(session, await insertRuns(session, toQueue, 'pending', settings));
  await advance(session, due, times, started);
  const decisions = judged.map(({ one: { flow, dueAt }, verdict }) => ({
    flow,
    dueAt,
    skip: 'skip' in verdict ? verdict.skip : null,
    next: times.get(flow.id)?.next ?? null,
  }));
  await keepDecisions(session, decisions, schedules, now);
  const skipped: SkippedRun[] = judged.flatMap(({ one, verdict }) =>
    'skip' in verdict ? [{ flowId: one.flow.id, reason: verdict.skip, dueAt: one.dueAt }] : [],
  );
  return { claimed: claims(toStart, started), queued: claims(toQueue, waiting), skipped };
}
