import { declareArguments, readProperties } from '../arguments';

/** What a flow does: copy to a backup repository, or replicate to another platform. */
export const flowTypes = ['backup', 'replication'] as const;
export type FlowType = (typeof flowTypes)[number];

/** What a flow protects: one VM, or the enabled members of a group. */
export const targetTypes = ['vm', 'group'] as const;
export type TargetType = (typeof targetTypes)[number];

/** Where a replication flow replicates to. */
export const destinationTypes = ['ossea', 'vmware', 'hyperv'] as const;
export type DestinationType = (typeof destinationTypes)[number];

/**
 * What a flow shows of its latest execution. `cancelled` comes last because it was appended to the column's
 * enum, which the server does without rebuilding the table.
 */
export const flowStatuses = ['success', 'warning', 'error', 'running', 'pending', 'cancelled'] as const;
export type FlowStatus = (typeof flowStatuses)[number];

/** The fields that decide whether a flow is complete for its type. A missing one counts as null. */
export interface FlowTypeFields {
  readonly flow_type?: FlowType | null | undefined;
  readonly repository_id?: string | null | undefined;
  readonly destination_type?: DestinationType | null | undefined;
}

/** One field that the flow's type asks for and that is not there. */
export interface FlowTypeFault {
  readonly field: 'repository_id' | 'destination_type';
  readonly message: string;
}

const readFlow = declareArguments('flowTypeFaults', {
  flow: (value, field, faults) =>
    readProperties(value, field, ['flow_type', 'repository_id', 'destination_type'], faults, null),
});

/**
 * The rule that the database holds as CHECK `chk_flows_type`: a backup flow has a repository, a replication flow
 * has a destination. Returns what is missing; an empty list for a flow that keeps the rule, and for a type that is
 * none (the type's own rule says so).
 *
 * @throws VALIDATION_FAILED for what is no object
 */
export function flowTypeFaults(flow: FlowTypeFields): FlowTypeFault[] {
  return faultsOfType(readFlow({ flow }).flow as FlowTypeFields);
}

function faultsOfType(flow: FlowTypeFields): FlowTypeFault[] {
  if (flow.flow_type === 'backup' && (flow.repository_id ?? null) === null)
    return [{ field: 'repository_id', message: 'repository_id must be given for a backup flow' }];
  if (flow.flow_type === 'replication' && (flow.destination_type ?? null) === null)
    return [{ field: 'destination_type', message: 'destination_type must be given for a replication flow' }];
  return [];
}
