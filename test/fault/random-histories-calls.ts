import type { Queryable } from '../../src/engine/server/queryable';
import { isProtectionFlowsError } from '../../src/errors';
import type { ExecutionRepository } from '../../src/repositories';
import type { Answer } from './random-histories-model';
import type { Operation } from './random-histories-operations';

/** Longer than any history takes: a run that is silent for so long was made so. */
const silenceMs = 3_600_000;

/** An operation with what it needs to be called: the place of its run, and the id of one that it makes. */
export interface Call {
  readonly operation: Operation;
  readonly place: number;
  readonly id: string;
}

/** The flows and runs that calls are about, by their places. */
export interface Known {
  readonly flows: readonly string[];
  readonly runs: readonly string[];
  /** What made a run: needed to ask for it once more. */
  origin(place: number): { readonly flow: number; readonly wasStarted: boolean };
}

/** Makes calls of a history to the repositories. */
export class Caller {
  /**
   * @param session of this package's own: it makes runs look silent
   * @param refusals the codes of errors that are answers
   */
  constructor(
    private readonly executions: ExecutionRepository,
    private readonly session: Queryable,
    private readonly refusals: readonly string[],
  ) {}

  /** @throws what is no answer */
  async perform(call: Call, known: Known): Promise<Answer<string>> {
    try {
      return await this.ask(call, known);
    } catch (error) {
      const refused = this.refusals.find((code) => isProtectionFlowsError(error) && error.code === code);
      if (refused === undefined || !isProtectionFlowsError(error)) throw error;
      const by = error.details['executionId'];
      return typeof by === 'string' ? { refused, by } : { refused };
    }
  }

  private async ask({ operation, place, id }: Call, known: Known): Promise<Answer<string>> {
    const { executions } = this;
    if (operation.do === 'reap') {
      const reaped = await executions.reapStale({ silenceMs, limit: 10_000 });
      return { reaped: reaped.filter((one) => known.runs.includes(one)).sort() };
    }
    if (operation.do === 'enqueue' || operation.do === 'start') {
      const flow_id = known.flows[operation.flow % known.flows.length]!;
      const made = await executions[operation.do]({ id, flow_id, execution_type: 'api' });
      return { run: made.id, status: made.status };
    }
    const run = known.runs[place];
    if (run === undefined) return null;
    switch (operation.do) {
      case 'repeat':
        return this.repeat(run, known.flows, known.origin(place));
      case 'begin':
        return executions.begin(run);
      case 'recordJobs':
        return executions.recordJobs(run, operation.jobs, { more: operation.more });
      case 'progress':
        return executions.progress(run, operation.counts);
      case 'finish':
        return executions.finish(run, { status: operation.status, ...operation.counts });
      case 'cancel':
        return executions.cancel(run);
      case 'settle': {
        const { settled, status } = await executions.settle(run, new Map(Object.entries(operation.states)));
        return { settled, status };
      }
      case 'silence':
        await this.silence(run);
        return null;
    }
  }

  /** Asks once more for what made the run, as one does who never got the answer. */
  private async repeat(
    id: string,
    flows: readonly string[],
    { flow, wasStarted }: ReturnType<Known['origin']>,
  ): Promise<Answer<string>> {
    const again = { id, flow_id: flows[flow]!, execution_type: 'api' as const };
    const made = await this.executions[wasStarted ? 'start' : 'enqueue'](again);
    return { run: made.id, status: made.status };
  }

  /** Makes a run that is under way as old, and as silent, as one whose worker died hours ago. */
  private async silence(id: string): Promise<void> {
    const then = new Date(Math.floor((Date.now() - 2 * silenceMs) / 1_000) * 1_000);
    await this.session.query(
      `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
          SET e.started_at = ?, f.last_execution_time = ?,
              e.execution_metadata = JSON_SET(COALESCE(e.execution_metadata, '{}'), '$.heartbeat_at', ?)
        WHERE e.id = ? AND e.status = 'running'`,
      [then, then, then.toISOString().replace('.000', ''), id],
    );
  }
}
