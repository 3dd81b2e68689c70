export type { CronSchedule, ScheduleFault } from './expression';
export { scheduleFaults } from './faults';
export { nextRun, nextRuns, runsBetween } from './next-run';
export { isWanted, nextTime, type NextTime, type NoRunReason, type StoredSchedule } from './next-time';
