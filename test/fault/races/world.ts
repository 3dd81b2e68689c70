import fc from 'fast-check';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import {
  flowRecordTables,
  pausesTable,
  skipTotalsTable,
  timetablesTable,
} from '../../../src/statistics/meaning';
import type { RunRow } from '../random-histories-state';

/** A flow before a race, with its runs. A run's id is the flow's id and its kind. */
export interface FlowPlan {
  readonly running: 'none' | 'fresh' | 'silent';
  /** The number of jobs of the running run; null: none were recorded yet. */
  readonly jobs: number | null;
  readonly queued: number;
  readonly ended: number;
  readonly isDue: boolean;
  readonly isPaused: boolean;
  /** True if the ledger has its timetable. */
  readonly isKept: boolean;
  /** How many failures in a row pause it; null: no limit. */
  readonly failureLimit: number | null;
}

/** One or two flows. Shrinking makes them smaller. */
export const worlds: fc.Arbitrary<FlowPlan[]> = fc.array(
  fc.record({
    running: fc.constantFrom('none', 'fresh', 'silent'),
    jobs: fc.option(fc.nat({ max: 2 })),
    queued: fc.nat({ max: 2 }),
    ended: fc.nat({ max: 3 }),
    isDue: fc.boolean(),
    isPaused: fc.constantFrom(false, false, false, true),
    isKept: fc.boolean(),
    failureLimit: fc.constantFrom(null, null, 1, 2),
  }),
  { minLength: 1, maxLength: 2 },
);

export const flowId = (flow: number): string => `flow-${flow}`;

/** The runs that calls may name, including those that a call makes. */
export const runNames = ['running', 'queued-0', 'queued-1', 'ended-0', 'new-0', 'new-1'] as const;
export const runId = (flow: number, name: (typeof runNames)[number]): string => `${flowId(flow)}-${name}`;
export const jobId = (job: number): string => `job-${job}`;

/** A stored flow, with its values in other tables. */
export interface FlowRow {
  readonly id: string;
  readonly enabled: number;
  readonly next_execution_time: Date | null;
  readonly last_execution_id: string | null;
  readonly is_paused: number;
  readonly failure_limit: number | null;
  readonly counted_from: string | null;
  /** How many skips the ledger counts. */
  readonly skipped: number;
}

/** All committed rows at one moment. */
export interface Committed {
  readonly flows: ReadonlyMap<string, FlowRow>;
  readonly runs: ReadonlyMap<string, RunRow & { readonly created_at: Date }>;
}

/**
 * Reads the committed rows in one snapshot.
 *
 * @param session must accept several statements at once
 */
export async function readCommitted(session: Queryable): Promise<Committed> {
  const answers = await session.query(
    `START TRANSACTION WITH CONSISTENT SNAPSHOT;
     SELECT f.id, f.enabled, f.next_execution_time, f.last_execution_id, p.failure_limit, p.counted_from,
            COALESCE(p.paused_at IS NOT NULL AND (p.until_at IS NULL OR p.until_at > CURRENT_TIMESTAMP), 0) AS is_paused,
            (SELECT COALESCE(SUM(s.runs), 0) FROM ${skipTotalsTable} s WHERE s.flow_id = f.id) AS skipped
       FROM protection_flows f LEFT JOIN ${pausesTable} p ON p.flow_id = f.id ORDER BY f.id;
     SELECT * FROM protection_flow_executions ORDER BY id;
     COMMIT`,
  );
  const [, flows, runs] = answers as [unknown, FlowRow[], (RunRow & { readonly created_at: Date })[]];
  return {
    flows: new Map(flows.map((row) => [row.id, row])),
    runs: new Map(runs.map((row) => [row.id, row])),
  };
}

/** Returns the deleted flows that one of the package's own tables still has rows of, with the table. */
export async function leftRecords(session: Queryable): Promise<string[]> {
  const left: string[] = [];
  for (const table of flowRecordTables) {
    const rows = await select<{ flow_id: string }>(
      session,
      `SELECT flow_id FROM ${table} WHERE flow_id NOT IN (SELECT id FROM protection_flows)`,
    );
    left.push(...rows.map(({ flow_id }) => `${table} of ${flow_id}`));
  }
  return left;
}

const agoMs = (ms: number): Date => new Date(Math.floor((Date.now() - ms) / 1_000) * 1_000);
const minuteMs = 60_000;
/** Longer than any race takes, so only runs that were made silent count as silent. */
export const silenceMs = 60 * minuteMs;

interface MadeRun {
  readonly id: string;
  readonly status: string;
  readonly begunAt: Date | null;
  readonly endedAt: Date | null;
  readonly createdAt: Date;
  readonly jobs: readonly string[] | null;
  readonly metadata: object | null;
}

function runsOf(flow: number, plan: FlowPlan): MadeRun[] {
  const runs: MadeRun[] = [];
  const plain = { begunAt: null, endedAt: null, jobs: null, metadata: null };
  for (let n = plan.ended - 1; n >= 0; n -= 1) {
    const at = agoMs((n + 5) * silenceMs);
    const id = `${flowId(flow)}-ended-${n}`;
    runs.push({
      ...plain,
      id,
      status: n === 0 ? 'error' : 'success',
      begunAt: at,
      endedAt: at,
      createdAt: at,
    });
  }
  if (plan.running !== 'none') {
    const at = agoMs(plan.running === 'silent' ? 2 * silenceMs : minuteMs);
    runs.push({
      id: runId(flow, 'running'),
      status: 'running',
      begunAt: at,
      endedAt: null,
      createdAt: at,
      jobs: plan.jobs === null ? null : Array.from({ length: plan.jobs }, (_, n) => jobId(n)),
      metadata: { worker: 'w', heartbeat_at: at.toISOString().replace('.000', '') },
    });
  }
  for (let n = 0; n < plan.queued; n += 1) {
    const id = `${flowId(flow)}-queued-${n}`;
    runs.push({ ...plain, id, status: 'pending', createdAt: agoMs((50 - n) * 1_000) });
  }
  return runs;
}

/** Deletes all flows, and makes those of a race. */
export async function makeWorld(
  session: Queryable,
  plans: readonly FlowPlan[],
  { scheduleId, repositoryId }: { readonly scheduleId: string; readonly repositoryId: string },
): Promise<void> {
  await session.query('DELETE FROM protection_flows');
  for (const table of flowRecordTables) await session.query(`DELETE FROM ${table}`);
  for (const [n, plan] of plans.entries()) {
    const runs = runsOf(n, plan);
    const begun = runs.filter(({ begunAt }) => begunAt !== null);
    const last = begun.at(-1);
    const ended = (status: string): number => begun.filter((run) => run.status === status).length;
    await session.query('INSERT INTO protection_flows SET ?', [
      {
        id: flowId(n),
        name: `Flow ${n}`,
        flow_type: n === 0 ? 'replication' : 'backup',
        target_type: 'vm',
        target_id: 'ctx-web',
        destination_type: n === 0 ? 'ossea' : null,
        repository_id: n === 0 ? null : repositoryId,
        schedule_id: scheduleId,
        next_execution_time: plan.isDue ? agoMs(5 * minuteMs) : null,
        total_executions: begun.length,
        successful_executions: ended('success'),
        failed_executions: ended('error'),
        last_execution_id: last?.id ?? null,
        last_execution_status: last?.status ?? 'pending',
        last_execution_time: last?.endedAt ?? last?.begunAt ?? null,
      },
    ]);
    for (const run of runs)
      await session.query('INSERT INTO protection_flow_executions SET ?', [
        {
          id: run.id,
          flow_id: flowId(n),
          status: run.status,
          execution_type: 'manual',
          started_at: run.begunAt,
          completed_at: run.endedAt,
          created_at: run.createdAt,
          created_job_ids: run.jobs && JSON.stringify(run.jobs),
          jobs_created: run.jobs?.length ?? 0,
          execution_metadata: run.metadata && JSON.stringify(run.metadata),
        },
      ]);
    if (plan.isKept)
      await session.query(
        `INSERT INTO ${timetablesTable} (flow_id, from_at, state, schedule_id, cron_expression, timezone)
         SELECT ?, ?, 'on', id, cron_expression, timezone FROM replication_schedules WHERE id = ?`,
        [flowId(n), agoMs(100 * silenceMs), scheduleId],
      );
    if (plan.isPaused || plan.failureLimit !== null)
      await session.query(`INSERT INTO ${pausesTable} SET ?`, [
        {
          flow_id: flowId(n),
          paused_at: plan.isPaused ? agoMs(minuteMs) : null,
          failure_limit: plan.failureLimit,
        },
      ]);
  }
}
