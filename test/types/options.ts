import { migrate, verify, type Repositories } from '@sendense/protection-flows';
import { dataSource } from '@sendense/protection-flows/data-source';

// Only compiled: callers can rely on what compiles here, and the compiler must report each expected error.
// The packed package is compiled with exactOptionalPropertyTypes too: only types that name undefined accept it there.

interface Given {
  readonly limit?: number;
  readonly reason?: string;
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

/** A caller can pass on an undefined option: it means "do not change", or the default. */
export async function handedOn(repositories: Repositories, given: Given): Promise<void> {
  const { flows, executions, dueFlows, retention } = repositories;
  const { limit, reason, now, signal } = given;
  await flows.list({ enabled: undefined, schedule_id: null }, { limit, after: undefined, total: undefined });
  await flows.update('1', { description: undefined, policy_id: null });
  await flows.summary({ timeZone: undefined, now });
  await executions.start({ flow_id: '1', execution_type: 'manual', id: undefined, triggered_by: undefined });
  await executions.finish('1', { status: 'error', error_message: reason, jobs_failed: undefined });
  await executions.history('1', { limit });
  await dueFlows.claimDue({ worker: 'w', limit, now, overlap: undefined, missedAfterMs: undefined });
  await retention.prune({ olderThanMs: limit, keepPerFlow: 10, signal });
  await migrate(dataSource, { signal, orphans: undefined });
  await verify(dataSource, { strict: undefined });
  // @ts-expect-error a required option can't be undefined
  await dueFlows.claimDue({ worker: undefined });
}
