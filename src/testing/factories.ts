import type { EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { Optional } from '../domain';
import { ProtectionFlow, ProtectionFlowExecution, type ExecutionRow, type FlowRow } from '../entities';
import type { NewFlow } from '../repositories';
import { createRepository, uniqueSuffix } from './platform-rows';

/** The columns of a flow, without its relations. */
export type FlowOverrides = Optional<FlowRow>;

/** The columns of an execution, without its relations. */
export type ExecutionOverrides = Optional<ExecutionRow>;

/** A valid flow: what its type cannot do without is there. */
export type BuiltFlow = FlowOverrides & Pick<FlowRow, 'id'> & NewFlow;

/** What a valid execution cannot do without. */
export type BuiltExecution = ExecutionOverrides & Pick<ExecutionRow, 'id' | 'flow_id' | 'execution_type'>;

/**
 * A valid flow, in memory: a replication flow, which refers to no other row; a backup flow where the overrides name
 * a repository.
 */
export function buildFlow(overrides: FlowOverrides = {}): BuiltFlow {
  const suffix = uniqueSuffix();
  const isBackup = (overrides.flow_type ?? (overrides.repository_id ? 'backup' : 'replication')) === 'backup';
  return {
    id: uuidv7(),
    name: `Protect web ${suffix}`,
    flow_type: isBackup ? 'backup' : 'replication',
    target_type: 'vm',
    target_id: `ctx-web-${suffix}`,
    destination_type: isBackup ? null : 'ossea',
    ...overrides,
  } as BuiltFlow;
}

/** A valid pending execution of the flow, in memory. */
export function buildExecution(flowId: string, overrides: ExecutionOverrides = {}): BuiltExecution {
  return { id: uuidv7(), flow_id: flowId, execution_type: 'manual', ...overrides };
}

/** Inserts a flow and returns it as stored; makes a repository for a backup flow that names none. */
export async function createFlow(
  manager: EntityManager,
  overrides: FlowOverrides = {},
): Promise<ProtectionFlow> {
  const flow = buildFlow(overrides);
  if (flow.flow_type === 'backup' && overrides.repository_id === undefined) {
    flow.repository_id = (await createRepository(manager)).id;
  }
  await manager.save(manager.create(ProtectionFlow, flow));
  return manager.findOneByOrFail(ProtectionFlow, { id: flow.id });
}

/** Inserts an execution and returns it as stored; makes a flow where none is named. */
export async function createExecution(
  manager: EntityManager,
  overrides: ExecutionOverrides = {},
): Promise<ProtectionFlowExecution> {
  const flowId = overrides.flow_id ?? (await createFlow(manager)).id;
  const execution = buildExecution(flowId, overrides);
  await manager.save(manager.create(ProtectionFlowExecution, execution));
  return manager.findOneByOrFail(ProtectionFlowExecution, { id: execution.id });
}
