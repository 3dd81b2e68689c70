import { column, nullable, table } from '../engine/schema/declare';
import { pausesTable } from '../statistics/meaning';
import { createOwnTable, StepMigration } from './step-migration';

/**
 * One row a flow that was ever paused, or that failures may pause. `paused_at` is NULL where it is not; `until_at` where it is
 * to be resumed; `paused_by` where failures paused it, the last of which is `counted_from`.
 */
export const pauses = table(pausesTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** Since when it is paused. Null: it is not. */
    nullable('paused_at', 'timestamp'),
    /** When it is to be resumed. Null: when somebody resumes it. */
    nullable('until_at', 'timestamp'),
    /** Why, in the words of who paused it. Null: nothing was said. */
    nullable('note', 'text'),
    /** Who paused it. Null: its failures did, or it is not paused. */
    nullable('paused_by', 'varchar(255)'),
    /** After how many failures in a row it is paused. Null: after none. */
    nullable('failure_limit', 'int'),
    /** The last of the failures that paused it: only later ones count again. Null: none has paused it. */
    nullable('counted_from', 'varchar(64)'),
  ],
  primaryKey: ['flow_id'],
});

/** Makes the table of pauses: who paused which flow, why, until when, and after how many failures. */
export class KeepWhatIsPaused1795305608000 extends StepMigration {
  readonly name = 'KeepWhatIsPaused1795305608000';
  readonly breaking = false;
  readonly steps = [createOwnTable(pauses)];
}
