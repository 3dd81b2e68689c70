import { select, type Queryable } from '../../../src/engine/server/queryable';
import { createRepositories } from '../../../src/repositories';
import type { ModelStep } from '../spin/search';
import type { ExecutionSession } from './execution-sessions';
import type { Progress } from './held-session';

/** The flow of the replays. */
export const flowId = 'flow';

/** Does something in place of a step, and returns true; returns false for a step that stays as it is. */
export type Instead = (
  step: ModelStep,
  session: ExecutionSession,
  runId: string | undefined,
) => Promise<boolean>;

const readings = {
  read_active: /^SELECT DISTINCT flow_id, status/,
  read_running: /^SELECT (DISTINCT flow_id|id) FROM protection_flow_executions\s+WHERE flow_id/,
  lock_free_flow: /FROM protection_flows f\s+WHERE f\.id IN/,
  lock_flow: /FROM protection_flows WHERE id = \? FOR UPDATE/,
  begin_runs: /^UPDATE protection_flow_executions e JOIN protection_flows f.*\s+SET e\.status = 'running'/,
  count_run: /^UPDATE protection_flows SET total_executions/,
  advance: /f\.next_execution_time = /,
  insert_run: /^INSERT INTO protection_flow_executions/,
  claim_due: /f\.next_execution_time <= [\s\S]*LIMIT/,
} as const;

/** Plays the steps of the model `executions` as calls and statements of the code, on sessions of a server. */
export class ExecutionPlayer {
  /** The id of each run of the model. */
  private readonly runs: (string | undefined)[] = [];
  /** How many steps waited for a row lock. */
  waits = 0;
  /** By the id of a run: how many callers were told that they ended it. */
  readonly enders = new Map<string, number>();

  constructor(
    private readonly admin: Queryable,
    private readonly sessions: readonly ExecutionSession[],
    private readonly instead: Instead = () => Promise.resolve(false),
  ) {}

  /** Prepares the flow, and its first run if the model starts with one. */
  private async begins({ state }: ModelStep): Promise<void> {
    const [first] = (state.runs ?? '').split(',');
    await this.admin.query(
      `UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE, total_executions = ?,
              successful_executions = 0, failed_executions = 0, last_execution_status = 'pending' WHERE id = ?`,
      [first === 'running' ? 1 : 0, flowId],
    );
    if (first === 'absent') return;
    this.runs[0] = 'run-first';
    await this.admin.query(
      `INSERT INTO protection_flow_executions (id, flow_id, execution_type, status, started_at)
       VALUES ('run-first', ?, 'api', ?, IF(? = 'running', CURRENT_TIMESTAMP, NULL))`,
      [flowId, first, first],
    );
  }

  /** Reads the rows, in the model's words. */
  async state(): Promise<Record<string, string>> {
    const rows = await select<{ id: string; status: string }>(
      this.admin,
      'SELECT id, status FROM protection_flow_executions WHERE flow_id = ?',
      [flowId],
    );
    const [flow] = await select<Record<string, unknown>>(
      this.admin,
      `SELECT next_execution_time <= CURRENT_TIMESTAMP AS due, total_executions AS total, successful_executions AS succeeded,
              failed_executions AS failed FROM protection_flows WHERE id = ?`,
      [flowId],
    );
    const statuses = new Map(rows.map(({ id, status }) => [id, status]));
    const known = [0, 1, 2].map((run) => statuses.get(this.runs[run] ?? '') ?? 'absent');
    return {
      runs: known.join(','),
      ...Object.fromEntries(
        ['due', 'total', 'succeeded', 'failed'].map((name) => [name, String(Number(flow?.[name]))]),
      ),
    };
  }

  /** Begins a call on a session. Returns false if a call is still under way there, or the step begins no call. */
  private begin(
    { held, repositories, dataSource }: ExecutionSession,
    { what, argument }: ModelStep,
  ): boolean {
    if (held.isBusy) return false;
    const { dueFlows, executions } = repositories;
    const id = this.runs[argument ?? 9] ?? 'none';
    const ends = (isOurs: boolean): void =>
      void (isOurs && this.enders.set(id, (this.enders.get(id) ?? 0) + 1));
    const input = { flow_id: flowId, execution_type: 'api' } as const;
    const calls: Record<string, () => Promise<unknown>> = {
      claim_due: () => dueFlows.claimDue({ worker: 'w', limit: 1 }),
      waits: () => dueFlows.claimDue({ worker: 'w', limit: 1 }),
      lock_run: () => dueFlows.claimQueued({ worker: 'w', limit: 1 }),
      lock_flow: () => executions.start(input),
      read_running: () => executions.start(input),
      start_in_transaction: () =>
        dataSource.transaction(async (manager) => {
          await manager.query('SELECT COUNT(*) AS seen FROM protection_flow_executions');
          return createRepositories(manager).executions.start(input);
        }),
      read_run: () => executions.begin(id),
      find_silent: () => executions.reapStale({ silenceMs: 60_000 }),
      enqueue: () => executions.enqueue({ ...input, id: `run-${argument}` }),
      finish: () => executions.finish(id, { status: 'success' }).then(ends),
      fail: () => executions.finish(id, { status: 'error' }).then(ends),
      cancel: () => executions.cancel(id).then(ends),
      heartbeat: () => executions.progress(id),
    };
    const call = calls[what];
    if (call === undefined) return false;
    held.begin(call);
    return true;
  }

  private async go(session: ExecutionSession, step: ModelStep): Promise<Progress> {
    const { held } = session;
    const { what, argument } = step;
    if (what === 'lock_run') return held.isNext(/FROM protection_flows f\s+WHERE f\.id IN|^COMMIT/);
    if (what === 'start_in_transaction') return (await held.passed(/COUNT\(\*\) AS seen/)).progress;
    if (what === 'read_run') return (await held.passed(/^SELECT flow_id, status/)).progress;
    if (what === 'find_silent')
      return (await held.passed(/^SELECT e\.id FROM protection_flow_executions e WHERE e\.status/)).progress;
    if (what === 'waits') return (await held.passed(readings.claim_due)).progress;
    if (what === 'commit') {
      await held.passed(/^COMMIT/);
      return held.ends();
    }
    if (what === 'roll_back') {
      await session.kill();
      return held.ends();
    }
    const pattern = readings[what as keyof typeof readings];
    if (pattern === undefined) return held.ends();
    const { progress, parameters } = await held.passed(pattern);
    if (what === 'insert_run' && progress === 'answered' && argument !== null)
      this.runs[argument] = String(parameters[0]);
    return progress;
  }

  private async clock({ what, argument }: ModelStep): Promise<void> {
    if (what === 'falls_due')
      await this.admin.query(
        'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE WHERE id = ?',
        [flowId],
      );
    if (what === 'falls_silent')
      await this.admin.query(
        `UPDATE protection_flow_executions SET started_at = CURRENT_TIMESTAMP - INTERVAL 1 HOUR,
                execution_metadata = JSON_REMOVE(COALESCE(execution_metadata, '{}'), '$.heartbeat_at') WHERE id = ?`,
        [this.runs[argument ?? 9] ?? 'none'],
      );
  }

  /** Plays a step. */
  async play(step: ModelStep): Promise<Progress> {
    if (step.what === 'begins') await this.begins(step);
    const session = this.sessions[step.who];
    if (session === undefined) {
      await this.clock(step);
      return 'answered';
    }
    if (step.what === 'enqueue' && step.argument !== null) this.runs[step.argument] = `run-${step.argument}`;
    if (await this.instead(step, session, this.runs[step.argument ?? 9])) return 'answered';
    this.begin(session, step);
    const progress = await this.go(session, step);
    if (progress === 'waits') this.waits += 1;
    return progress;
  }

  /** Lets every call end. */
  async end(): Promise<void> {
    await Promise.all(this.sessions.map(({ held }) => held.over()));
  }
}
