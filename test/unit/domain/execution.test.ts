import {
  executionStatuses,
  statusesBefore,
  terminalStatuses,
  type ExecutionStatus,
} from '../../../src/domain';

const after = (from: ExecutionStatus) => executionStatuses.filter((to) => statusesBefore(to).includes(from));

// Without these, a run could leave a final state, or a second completer could count it twice.
describe('the life cycle of an execution', () => {
  it('ends in success, warning, error or cancelled', () => {
    expect(executionStatuses.filter((status) => after(status).length === 0)).toEqual([...terminalStatuses]);
  });

  it.each(terminalStatuses)('never leaves %s', (from) => {
    expect(after(from)).toEqual([]);
  });

  it('does not count a state as a transition to itself', () => {
    expect(executionStatuses.filter((status) => after(status).includes(status))).toEqual([]);
  });

  it('never goes back from running to pending', () => {
    expect(after('running')).not.toContain('pending');
  });

  it('lets a pending run start, be cancelled or fail, but not succeed without running', () => {
    expect(after('pending')).toEqual(['running', 'error', 'cancelled']);
  });

  it('names the states that a guarded update may start from', () => {
    expect(statusesBefore('success')).toEqual(['running']);
    expect(statusesBefore('cancelled')).toEqual(['pending', 'running']);
    expect(statusesBefore('pending')).toEqual([]);
  });
});
