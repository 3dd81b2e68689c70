import type { DataSource, EntityManager } from 'typeorm';
import { declareArguments, refuse } from '../arguments';
import { DueFlowRepository } from './due-flow.repository';
import { isEntityManager } from './session-check';
import { ExecutionRepository } from './execution.repository';
import { FlowRepository } from './flow.repository';
import { RetentionRepository } from './retention.repository';
import { TargetRepository } from './target.repository';
import { traceCalls } from './tracing';

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
  const { manager } = readSource({ source }).source;
  return {
    flows: new FlowRepository(manager),
    executions: new ExecutionRepository(manager),
    dueFlows: new DueFlowRepository(manager),
    retention: new RetentionRepository(manager),
    targets: new TargetRepository(manager),
  };
}
