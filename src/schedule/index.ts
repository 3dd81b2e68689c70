export type { CronSchedule, ScheduleFault } from './expression';
export { scheduleFaults } from './faults';
export { nextRun, nextRuns } from './next-run';
