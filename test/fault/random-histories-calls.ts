import type { Queryable } from '../../src/engine/server/queryable';
import { isProtectionFlowsError } from '../../src/errors';
import type { ExecutionRepository } from '../../src/repositories';
import type { Answer } from './random-histories-model';
import type { Operation } from './random-histories-operations';

/** Longer than any history takes, so only runs that were made silent count as silent. */
const silenceMs = 3_600_000;

/** An operation, with the place of its run, and the id for a run that it makes. */
export interface Call {
  readonly operation: Operation;
  readonly place: number;
  readonly id: string;
}

/** The ids of the flows and runs, by place. */
export interface Known {
  readonly flows: readonly string[];
  readonly runs: readonly string[];
  /** Returns how a run was made, to repeat the call that made it. */
  origin(place: number): { readonly flow: number; readonly wasStarted: boolean };
}

/** Makes the calls of a history on the repositories. */
export class Caller {
  /**
   * @param session makes runs look silent; for the guards it belongs to this package
   * @param refusals the error codes that count as answers
   */
  constructor(
    private readonly executions: ExecutionRepository,
    private readonly session: Queryable,
    private readonly refusals: readonly string[],
  ) {}

  /** @throws any other error */
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

  /** Repeats the call that made the run, as a caller does who got no answer. */
  private async repeat(
    id: string,
    flows: readonly string[],
    { flow, wasStarted }: ReturnType<Known['origin']>,
  ): Promise<Answer<string>> {
    const again = { id, flow_id: flows[flow]!, execution_type: 'api' as const };
    const made = await this.executions[wasStarted ? 'start' : 'enqueue'](again);
    return { run: made.id, status: made.status };
  }

  /** Makes a running run as old and silent as if its worker had died hours ago. */
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
