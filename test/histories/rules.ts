import { executionStatuses, statusesBefore, terminalStatuses } from '../../src/domain';
import type { StateRules } from './checker';

/** How runs go from state to state: the package's own table, which docs/data-layer.md draws. */
export const runStates: StateRules = {
  before: Object.fromEntries(executionStatuses.map((status) => [status, statusesBefore(status)])),
  terminal: terminalStatuses,
  exclusive: 'running',
  allEnd: true,
};
