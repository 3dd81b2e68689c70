export type { CronSchedule, ScheduleFault } from './expression';
export { scheduleFaults } from './faults';
export { nextRun, nextRuns } from './next-run';
export { nextTime, runsBetween, type NextTime, type NoRunReason, type StoredSchedule } from './next-time';
