import type { DataSource, EntityManager } from 'typeorm';
import { DueFlowRepository } from './due-flow.repository';
import { ExecutionRepository } from './execution.repository';
import { FlowRepository } from './flow.repository';
import { RetentionRepository } from './retention.repository';
import { TargetRepository } from './target.repository';

/** The whole data layer. */
export interface Repositories {
  readonly flows: FlowRepository;
  readonly executions: ExecutionRepository;
  readonly dueFlows: DueFlowRepository;
  readonly retention: RetentionRepository;
  readonly targets: TargetRepository;
}

/**
 * Makes the repositories on a DataSource, or on the EntityManager of a transaction, which all their calls then join.
 * Making them asks nothing of the server.
 */
export function createRepositories(source: DataSource | EntityManager): Repositories {
  const manager = 'manager' in source ? source.manager : source;
  return {
    flows: new FlowRepository(manager),
    executions: new ExecutionRepository(manager),
    dueFlows: new DueFlowRepository(manager),
    retention: new RetentionRepository(manager),
    targets: new TargetRepository(manager),
  };
}
