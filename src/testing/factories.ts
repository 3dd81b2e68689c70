import { getMetadataArgsStorage, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { declareArguments, id, readProperties, type Reader } from '../arguments';
import type { Optional } from '../domain';
import { ProtectionFlow, ProtectionFlowExecution, type ExecutionRow, type FlowRow } from '../entities';
import type { NewFlow } from '../repositories';
import { manager as aManager } from '../repositories/session-check';
import { createRepository, uniqueSuffix } from './platform-rows';

/** The columns of a flow, without its relations. */
export type FlowOverrides = Optional<FlowRow>;

/** The columns of an execution, without its relations. */
export type ExecutionOverrides = Optional<ExecutionRow>;

/** A flow with every column that its type requires. */
export type BuiltFlow = FlowOverrides & Pick<FlowRow, 'id'> & NewFlow;

/** An execution with every required column. */
export type BuiltExecution = ExecutionOverrides & Pick<ExecutionRow, 'id' | 'flow_id' | 'execution_type'>;

/** Reads columns of an entity by name. The values are not checked: a test may want a row that is wrong. */
function columnsOf<Overrides extends object>(target: new () => object): Reader<Overrides> {
  const names = getMetadataArgsStorage()
    .filterColumns(target)
    .map(({ propertyName }) => propertyName);
  return (value, field, faults) => {
    if (value === undefined) return {} as Overrides;
    const read = readProperties(value, field, names, faults);
    if (read === null) return undefined as never;
    const given = Object.keys(value as object).filter((name) => name in read);
    return Object.fromEntries(given.map((name) => [name, read[name]])) as Overrides;
  };
}

const ofFlow = { overrides: columnsOf<FlowOverrides>(ProtectionFlow) };
const ofExecution = { overrides: columnsOf<ExecutionOverrides>(ProtectionFlowExecution) };
const readBuildFlow = declareArguments('buildFlow', ofFlow);
const readBuildExecution = declareArguments('buildExecution', { flowId: id, ...ofExecution });
const readCreateFlow = declareArguments('createFlow', { manager: aManager, ...ofFlow });
const readCreateExecution = declareArguments('createExecution', { manager: aManager, ...ofExecution });

/**
 * Builds a valid flow in memory. It is a replication flow, which refers to no other row, or a backup flow if the
 * overrides name a repository.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a name that is no column; values are not checked
 */
export function buildFlow(overrides?: FlowOverrides): BuiltFlow {
  const { overrides: row } = readBuildFlow({ overrides });
  const suffix = uniqueSuffix();
  const isBackup = (row.flow_type ?? (row.repository_id ? 'backup' : 'replication')) === 'backup';
  return {
    id: uuidv7(),
    name: `Protect web ${suffix}`,
    flow_type: isBackup ? 'backup' : 'replication',
    target_type: 'vm',
    target_id: `ctx-web-${suffix}`,
    destination_type: isBackup ? null : 'ossea',
    ...row,
  } as BuiltFlow;
}

/** Builds a valid pending execution of the flow in memory; see {@link buildFlow}. */
export function buildExecution(flowId: string, overrides?: ExecutionOverrides): BuiltExecution {
  const { overrides: row } = readBuildExecution({ flowId, overrides });
  return { id: uuidv7(), flow_id: flowId, execution_type: 'manual', ...row };
}

/**
 * Inserts a flow and returns the stored row. Inserts a repository too, for a backup flow that names none.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments
 */
export async function createFlow(manager: EntityManager, overrides?: FlowOverrides): Promise<ProtectionFlow> {
  const { overrides: row } = readCreateFlow({ manager, overrides });
  const flow = buildFlow(row);
  if (flow.flow_type === 'backup' && row.repository_id === undefined) {
    flow.repository_id = (await createRepository(manager)).id;
  }
  await manager.save(manager.create(ProtectionFlow, flow));
  return manager.findOneByOrFail(ProtectionFlow, { id: flow.id });
}

/**
 * Inserts an execution and returns the stored row. Inserts a flow too, if none is named.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments
 */
export async function createExecution(
  manager: EntityManager,
  overrides?: ExecutionOverrides,
): Promise<ProtectionFlowExecution> {
  const { overrides: row } = readCreateExecution({ manager, overrides });
  const flowId = row.flow_id ?? (await createFlow(manager)).id;
  const execution = buildExecution(flowId, row);
  await manager.save(manager.create(ProtectionFlowExecution, execution));
  return manager.findOneByOrFail(ProtectionFlowExecution, { id: execution.id });
}
