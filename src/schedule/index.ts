export type { CronSchedule, ScheduleFault } from './cron-schedule';
export { scheduleFaults } from './faults';
export { nextRun, nextRuns } from './next-run';
