/** How a platform schedule fires: by its cron expression, or after the schedule before it in a chain. */
export const scheduleTypes = ['cron', 'chain'] as const;
export type ScheduleType = (typeof scheduleTypes)[number];

/** The states of one firing of a platform schedule. */
export const scheduleExecutionStatuses = [
  'scheduled',
  'running',
  'completed',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type ScheduleExecutionStatus = (typeof scheduleExecutionStatuses)[number];

/** The states of one backup job; a run of a flow starts one for each VM. */
export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What a backup job copies: everything, or what changed since another backup. */
export const backupTypes = ['full', 'incremental', 'differential'] as const;
export type BackupType = (typeof backupTypes)[number];
