import {
  canTransition,
  executionStatuses,
  isTerminal,
  statusesBefore,
  terminalStatuses,
} from '../../../src/domain';

// Without these, a run could leave a state that is final, or a second completer count it twice.
describe('the life cycle of an execution', () => {
  it('ends in success, warning, error or cancelled', () => {
    expect(executionStatuses.filter(isTerminal)).toEqual([...terminalStatuses]);
    expect(executionStatuses.filter((status) => !isTerminal(status))).toEqual(['pending', 'running']);
  });

  it.each(terminalStatuses)('never leaves %s', (from) => {
    expect(executionStatuses.filter((to) => canTransition(from, to))).toEqual([]);
  });

  it('takes no state for a transition to itself', () => {
    expect(executionStatuses.filter((status) => canTransition(status, status))).toEqual([]);
  });

  it('never goes back from running to pending', () => {
    expect(canTransition('running', 'pending')).toBe(false);
  });

  it('lets a pending run start, be cancelled or fail to start, but not succeed unseen', () => {
    expect(executionStatuses.filter((to) => canTransition('pending', to))).toEqual([
      'running',
      'error',
      'cancelled',
    ]);
  });

  it('names the states that a guarded update may start from', () => {
    expect(statusesBefore('success')).toEqual(['running']);
    expect(statusesBefore('cancelled')).toEqual(['pending', 'running']);
    expect(statusesBefore('pending')).toEqual([]);
  });
});
