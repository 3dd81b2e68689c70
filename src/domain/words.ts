import { declareArguments, readProperties, choice } from '../arguments';

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

/** How a platform schedule fires: by its cron expression, or after the schedule before it in a chain. */
export const scheduleTypes = ['cron', 'chain'] as const;
export type ScheduleType = (typeof scheduleTypes)[number];

/** The states of one firing of a platform schedule. */
export const scheduleExecutionStatuses = [
  'scheduled',
  'running',
  'completed',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type ScheduleExecutionStatus = (typeof scheduleExecutionStatuses)[number];

/** The states of one backup job; a run of a flow starts one for each VM. */
export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What a backup job copies: everything, or what changed since another backup. */
export const backupTypes = ['full', 'incremental', 'differential'] as const;
export type BackupType = (typeof backupTypes)[number];

/** The states of one run of a flow; the last four are terminal. */
export const executionStatuses = ['pending', 'running', 'success', 'warning', 'error', 'cancelled'] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

/** What started a run: the scheduler, a person, or a call of the API. */
export const executionTypes = ['scheduled', 'manual', 'api'] as const;
export type ExecutionType = (typeof executionTypes)[number];

/** The states that a run never leaves. */
export const terminalStatuses = ['success', 'warning', 'error', 'cancelled'] as const;
export type TerminalStatus = (typeof terminalStatuses)[number];

/** The states of a run that is still under way. */
export const activeStatuses = ['pending', 'running'] as const;
export type ActiveStatus = (typeof activeStatuses)[number];

/**
 * From which state a run may go to which. A pending run may end without having run: it is cancelled, or it can't be
 * started (error). It can't succeed unseen, so success and warning are reached through running only.
 */
export const executionTransitions: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  pending: ['running', 'error', 'cancelled'],
  running: ['success', 'warning', 'error', 'cancelled'],
  success: [],
  warning: [],
  error: [],
  cancelled: [],
};

const aStatus = choice(executionStatuses);
const readTerminal = declareArguments('isTerminal', { status: aStatus });
const readTransition = declareArguments('canTransition', { from: aStatus, to: aStatus });
const readTo = declareArguments('statusesBefore', { to: aStatus });

/**
 * True for a state that a run never leaves.
 *
 * @throws VALIDATION_FAILED for what is no state
 */
export function isTerminal(status: ExecutionStatus): status is TerminalStatus {
  return executionTransitions[readTerminal({ status }).status].length === 0;
}

/**
 * True when a run may go from one state to the other. To stay where one is, is no transition.
 *
 * @throws VALIDATION_FAILED for what is no state
 */
export function canTransition(from: ExecutionStatus, to: ExecutionStatus): boolean {
  const states = readTransition({ from, to });
  return executionTransitions[states.from].includes(states.to);
}

/**
 * The states from which a run may go to this one: what the WHERE of a guarded update names.
 *
 * @throws VALIDATION_FAILED for what is no state
 */
export function statusesBefore(to: ExecutionStatus): ExecutionStatus[] {
  const state = readTo({ to }).to;
  return executionStatuses.filter((from) => executionTransitions[from].includes(state));
}
