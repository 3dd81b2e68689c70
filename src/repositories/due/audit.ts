import {
  type Asked,
  count,
  declareArguments,
  id,
  nullable,
  optional,
  options,
  refuse,
} from '../../arguments';
import type { ExecutionRow, FlowRow } from '../../entities';
import { runsBetween, scheduleFaults } from '../../schedule';
import { skipsTable } from '../../statistics/meaning';
import { instant, limitOf } from '../input';
import { flowNotFound } from '../not-found';
import { behind, type Order } from '../pages';
import type { Session } from '../session';
import type { SkipReason, SkipRow } from './ledger';
import { readTimetables, type Timetable } from './timetables';

/** What became of a run that was due; `unknown`: an audit can't tell. */
export type AuditFinding = 'on-time' | 'late' | 'skipped' | 'missed' | 'unknown';

/**
 * The reason of a finding. Of a skipped run: the reason that the claim kept, or the run was cancelled in the queue, or the
 * flow or its schedule was disabled. Of a missed run: a later claim found it (`missed`), or there is no trace of it
 * (`no-trace`). Of `unknown`: the record does not reach back so far, or no times can be computed from the schedule.
 */
export type AuditReason =
  SkipReason | 'cancelled' | 'flow-disabled' | 'no-trace' | 'waiting' | 'not-recorded' | 'chained';

/** Consecutive due runs of a flow with the same finding. */
export interface AuditedRuns {
  readonly finding: AuditFinding;
  /** Null if the finding needs no reason. */
  readonly reason: AuditReason | null;
  /** When the first run was due; of `unknown`, when the span begins. */
  readonly firstDueAt: Date;
  readonly lastDueAt: Date;
  /** The number of runs; 0 of `unknown`. */
  readonly runs: number;
  /** How late each run began, in whole seconds; how late it is so far while it waits in the queue. Null: not late. */
  readonly lateSeconds: number | null;
}

/** A flow and its runs that were due in a window, in order. */
export interface AuditedFlow {
  readonly id: string;
  readonly name: string;
  readonly runs: readonly AuditedRuns[];
}

/** A page of an audit. */
export interface AuditPage {
  readonly flows: readonly AuditedFlow[];
  /** Pass as `after` to read the next page; null: this was the last page. */
  readonly next: string | null;
  readonly since: Date;
  readonly until: Date;
}

/** What to audit. */
export interface AuditOptions {
  /** The beginning of the window, exclusive. */
  readonly since: Date;
  /** The end of the window, inclusive. Default: the server's time. */
  readonly until?: Date | undefined;
  /** Default: all flows. */
  readonly flow_id?: string | undefined;
  /** How long after its time a run counts as late or missed, in milliseconds. Default: 1 minute. */
  readonly lateAfterMs?: number | undefined;
  /** Flows per page: 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
  /** The `next` of the previous page. */
  readonly after?: string | null | undefined;
}

/** Schedulers claim every few seconds, so a run that has been due for less than this may still begin in time. */
export const defaultLateAfterMs = 60_000;

const readAudit = declareArguments('audit', {
  options: options(
    {
      since: instant,
      until: optional(instant),
      flow_id: optional(id),
      lateAfterMs: optional(count({ min: 0, max: 86_400_000 }), defaultLateAfterMs),
      limit: limitOf(1_000, 100),
      after: optional(nullable(id), null),
    },
    ({ since, until }, faults) => {
      if (until !== undefined && until <= since)
        refuse(faults, 'until', 'isWindow', 'must be later than since');
    },
  ),
});

type FlowToAudit = Pick<FlowRow, 'id' | 'name' | 'schedule_id' | 'created_at'>;

interface Window {
  readonly since: Date;
  readonly until: Date;
  readonly now: Date;
  readonly lateAfterMs: number;
}

const rowsAtOnce = 1_000;

/** Reads ordered rows in pages while an audit goes through the times. */
class Rows<Row> {
  private page: Row[] = [];
  private at = 0;
  private isLast = false;

  constructor(private readonly read: (last: Row | undefined) => Promise<Row[]>) {}

  /** Returns the first row that is not passed, beginning with the row of the last call. */
  async next(isPassed: (row: Row) => boolean): Promise<Row | undefined> {
    for (;;) {
      const row = this.page[this.at];
      if (row !== undefined && !isPassed(row)) return row;
      if (row !== undefined) this.at += 1;
      else if (this.isLast) return undefined;
      else {
        this.page = await this.read(this.page.at(-1));
        this.at = 0;
        this.isLast = this.page.length < rowsAtOnce;
      }
    }
  }
}

/** `due_at` is as the claim wrote it; null if another program created the run. */
type RunRow = Pick<ExecutionRow, 'id' | 'created_at' | 'status' | 'started_at'> & {
  readonly due_at: string | null;
};

type SkippedSpan = Pick<SkipRow, 'first_due_at' | 'last_due_at' | 'reason'>;

/** The rows of a SELECT, ordered by two columns; each page begins after the last row of the previous page. */
const rowsBy = <Row extends object>(
  session: Session,
  time: keyof Row & string,
  id: keyof Row & string,
  sql: string,
  parameters: readonly unknown[],
) =>
  new Rows<Row>((last) => {
    const order: Order = { column: time, id, direction: 'asc' };
    const from = last && behind(order, { value: last[time] as Date, id: last[id] as string });
    return session.select(
      `${sql} ${from ? `AND ${from.condition}` : ''} ORDER BY ${time}, ${id} LIMIT ${rowsAtOnce}`,
      [...parameters, ...(from?.parameters ?? [])],
    );
  });

/** A flow's scheduled runs in the order of their creation, which is that of their times: no run is claimed before it is due. */
const runsOf = (session: Session, flowId: string, since: Date): Rows<RunRow> =>
  rowsBy(
    session,
    'created_at',
    'id',
    `SELECT id, created_at, status, started_at, JSON_UNQUOTE(JSON_EXTRACT(execution_metadata, '$.due_at')) AS due_at
         FROM protection_flow_executions WHERE flow_id = ? AND created_at >= ? AND execution_type = 'scheduled'`,
    [flowId, since],
  );

const skipsOf = (session: Session, flowId: string, since: Date): Rows<SkippedSpan> =>
  rowsBy(
    session,
    'first_due_at',
    'reason',
    `SELECT first_due_at, last_due_at, reason FROM ${skipsTable} WHERE flow_id = ? AND last_due_at > ?`,
    [flowId, since],
  );

/** Returns a timetable's times in a span, or the reason why they can't be computed. */
function timesOf(
  { state, cron_expression, timezone }: Timetable,
  after: Date,
  until: Date,
): Iterable<Date> | AuditReason {
  if (state === 'unscheduled') return [];
  if (state !== 'on' && state !== 'flow-disabled' && state !== 'schedule-disabled') return state;
  if (cron_expression === null) return 'no-schedule';
  const schedule = { cron_expression, timezone };
  return scheduleFaults(schedule).length > 0 ? 'schedule-invalid' : runsBetween(schedule, after, until);
}

type Judgement = Pick<AuditedRuns, 'finding' | 'reason' | 'lateSeconds'>;
const judgement = (finding: AuditFinding, reason: AuditReason | null = null, lateMs?: number): Judgement => ({
  finding,
  reason,
  lateSeconds: lateMs === undefined ? null : Math.round(lateMs / 1_000),
});

/** Judges an existing run; null: it still has time to begin. */
function judgeRun({ status, started_at }: RunRow, due: Date, { now, lateAfterMs }: Window): Judgement | null {
  if (started_at === null && status !== 'pending') return judgement('skipped', 'cancelled');
  const lateMs = (started_at ?? now).getTime() - due.getTime();
  if (lateMs > lateAfterMs) return judgement('late', started_at === null ? 'waiting' : null, lateMs);
  return started_at === null ? null : judgement('on-time');
}

/** Audits a flow: looks for each time of its timetables among its runs, then among its kept skips. */
async function auditFlow(session: Session, flow: FlowToAudit, window: Window): Promise<AuditedFlow> {
  const [runs, skips] = [runsOf(session, flow.id, window.since), skipsOf(session, flow.id, window.since)];
  const found: AuditedRuns[] = [];
  const add = (what: Judgement, first: Date, last: Date, count: number): void => {
    const before = found.at(-1);
    const isSame =
      before?.finding === what.finding &&
      before.reason === what.reason &&
      before.lateSeconds === what.lateSeconds;
    if (isSame) found[found.length - 1] = { ...before, lastDueAt: last, runs: before.runs + count };
    else found.push({ ...what, firstDueAt: first, lastDueAt: last, runs: count });
  };
  const judge = async (due: Date, { state }: Timetable): Promise<Judgement | null> => {
    const run = await runs.next((one) => !(new Date(one.due_at ?? NaN) >= due));
    if (run !== undefined && new Date(run.due_at!).getTime() === due.getTime())
      return judgeRun(run, due, window);
    const skip = await skips.next((one) => one.last_due_at < due);
    if (skip !== undefined && skip.first_due_at <= due)
      return judgement(skip.reason === 'missed' ? 'missed' : 'skipped', skip.reason);
    if (state === 'flow-disabled' || state === 'schedule-disabled') return judgement('skipped', state);
    return window.now.getTime() - due.getTime() > window.lateAfterMs ? judgement('missed', 'no-trace') : null;
  };
  const timetables = (await readTimetables(session, [flow.id])).get(flow.id) ?? [];
  const latest = (one: Date, other: Date): Date => (one > other ? one : other);
  const begun = latest(window.since, flow.created_at);
  const recorded = timetables[0]?.from_at ?? window.until;
  if (begun < recorded && begun < window.until && (timetables.length > 0 || flow.schedule_id !== null))
    add(judgement('unknown', 'not-recorded'), begun, recorded < window.until ? recorded : window.until, 0);
  for (const [at, timetable] of timetables.entries()) {
    const from = latest(window.since, timetable.from_at);
    const end = timetables[at + 1]?.from_at ?? window.until;
    const to = end < window.until ? end : window.until;
    const times = from < to ? timesOf(timetable, from, to) : [];
    if (typeof times === 'string') add(judgement('unknown', times), from, to, 0);
    else
      for (const due of times) {
        const what = await judge(due, timetable);
        if (what !== null) add(what, due, due, 1);
      }
  }
  return { id: flow.id, name: flow.name, runs: found };
}

/** Audits a page of flows, or the given one. @throws FLOW_NOT_FOUND, MIGRATION_PENDING */
export async function auditFlows(session: Session, given: Asked<typeof readAudit>): Promise<AuditPage> {
  const { since, until, flow_id: flowId, lateAfterMs, limit, after } = readAudit(given).options;
  const now = await session.now();
  const window = { since, until: until !== undefined && until < now ? until : now, now, lateAfterMs };
  const flows = await session.select<FlowToAudit>(
    `SELECT id, name, schedule_id, created_at FROM protection_flows
      WHERE ${flowId === undefined ? 'id > ?' : 'id = ?'} ORDER BY id LIMIT ?`,
    [flowId ?? after ?? '', limit],
  );
  if (flowId !== undefined && flows.length === 0) throw flowNotFound(flowId);
  const audited: AuditedFlow[] = [];
  for (const flow of flows) audited.push(await auditFlow(session, flow, window));
  const next = flowId === undefined && flows.length === limit ? flows[limit - 1]!.id : null;
  return { flows: audited, next, since, until: window.until };
}
