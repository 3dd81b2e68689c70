export type { CronSchedule, ScheduleFault } from './expression';
export { scheduleFaults } from './faults';
export * from './next-run';
