import { choice, declareArguments } from '../arguments';

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
