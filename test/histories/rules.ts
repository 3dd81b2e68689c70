import { executionStatuses, statusesBefore, terminalStatuses } from '../../src/domain';
import type { StateRules } from './checker';

/** The rules for the states of runs, from the package's own table. docs/data-layer.md shows it. */
export const runStates: StateRules = {
  before: Object.fromEntries(executionStatuses.map((status) => [status, statusesBefore(status)])),
  terminal: terminalStatuses,
  exclusive: 'running',
  allEnd: true,
};
