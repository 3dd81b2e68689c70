import { column, nullable, table } from '../engine/schema/declare';
import { pausesTable } from '../statistics/meaning';
import { createOwnTable, StepMigration } from './step-migration';

/**
 * One row per flow that was ever paused, or that failures may pause. `paused_at` is NULL if the flow is not paused,
 * `until_at` if the pause has no end, `paused_by` if failures paused it. `counted_from` is the last of these failures.
 */
export const pauses = table(pausesTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** When the flow was paused. Null: it is not paused. */
    nullable('paused_at', 'timestamp'),
    /** When the pause ends. Null: when somebody resumes the flow. */
    nullable('until_at', 'timestamp'),
    /** Why the flow was paused, in free text. Null: no reason was given. */
    nullable('note', 'text'),
    /** Who paused the flow. Null: failures paused it, or it is not paused. */
    nullable('paused_by', 'varchar(255)'),
    /** How many failures in a row pause the flow. Null: failures never pause it. */
    nullable('failure_limit', 'int'),
    /** The last of the failures that paused the flow: only later failures count again. Null: failures have not paused it. */
    nullable('counted_from', 'varchar(64)'),
  ],
  primaryKey: ['flow_id'],
});

/** Creates the table of pauses: who paused which flow, why, until when, and after how many failures. */
export class KeepWhatIsPaused1795305608000 extends StepMigration {
  readonly name = 'KeepWhatIsPaused1795305608000';
  readonly breaking = false;
  readonly steps = [createOwnTable(pauses)];
}
