import type { DataSource, EntityManager } from 'typeorm';
import { declareArguments, refuse } from '../arguments';
import { DueFlowRepository } from './due-flow.repository';
import { ExecutionRepository } from './execution.repository';
import { FlowRepository } from './flow.repository';
import { RetentionRepository } from './retention.repository';
import { isEntityManager } from './session-check';
import { TargetRepository } from './target.repository';
import { traceCalls } from './tracing';

export * from './due-flow.repository';
export * from './execution.repository';
export * from './flow.repository';
export * from './retention.repository';
export * from './target.repository';
export type * from './due/audit';
export type * from './due/claim-due';
export type * from './due/ledger';
export type * from './due/plan';
export type * from './executions/execution-input';
export type * from './executions/execution-list';
export type * from './executions/jobs';
export { retryPolicy, type RetryOptions, type RetryPolicy } from './executions/transition';
export type * from './flows/backfill';
export type * from './flows/bulk-runs';
export type * from './flows/flow-list';
export type * from './flows/flow-view';
export type * from './flows/pauses';
export type * from './flows/report';
export type * from './flows/write-flow';
export type * from './pages';
export type * from './progress/machines';
export type * from './progress/run-progress';
export type * from './retention/delete-flows';
export type * from './retention/prune';
export type * from './retention/recount';

const readSource = declareArguments('createRepositories', {
  source: (value, field, faults) => {
    const manager = (value as Partial<DataSource> | null | undefined)?.manager ?? value;
    return isEntityManager(manager)
      ? { manager }
      : refuse(faults, field, 'isSource', 'must be a DataSource, or an EntityManager');
  },
});

traceCalls('flows', FlowRepository);
traceCalls('executions', ExecutionRepository);
traceCalls('dueFlows', DueFlowRepository);
traceCalls('retention', RetentionRepository);
traceCalls('targets', TargetRepository);

/** All repositories. */
export interface Repositories {
  readonly flows: FlowRepository;
  readonly executions: ExecutionRepository;
  readonly dueFlows: DueFlowRepository;
  readonly retention: RetentionRepository;
  readonly targets: TargetRepository;
}

/**
 * Creates the repositories on a DataSource, or on the EntityManager of a transaction, which all their calls then join.
 * Creating them sends nothing to the server.
 */
export function createRepositories(source: DataSource | EntityManager): Repositories {
  const { manager } = readSource({ source }).source;
  return {
    flows: new FlowRepository(manager),
    executions: new ExecutionRepository(manager),
    dueFlows: new DueFlowRepository(manager),
    retention: new RetentionRepository(manager),
    targets: new TargetRepository(manager),
  };
}
