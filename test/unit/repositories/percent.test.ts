import { runPercent, type JobState } from '../../../src/repositories/progress/job-states';

// More values than a call takes arguments: the page of a flow with as many machines would answer with an error
it('the percentage says how much of a run of 200,000 jobs is done', () => {
  const at = new Date('2026-01-01T00:00:00Z');
  const half = { status: 'running', bytes: 1, totalBytes: 2, startedAt: at, completedAt: null } as JobState;
  const jobs = Array.from({ length: 200_000 }, () => half);
  expect(runPercent({ jobs, expected: jobs.length, over: 0 })).toBe(50);
});
