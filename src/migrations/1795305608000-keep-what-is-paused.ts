import { column, nullable, table } from '../engine/schema/declare';
import { pausesTable } from '../statistics/meaning';
import { createOwnTable } from './own-table';
import { StepMigration } from './step-migration';

/**
 * One row a flow that was ever paused, or that failures may pause. `paused_at` is NULL where it is not; `until_at` where it is
 * to be resumed; `paused_by` where failures paused it, the last of which is `counted_from`.
 */
export const pauses = table(pausesTable, {
  columns: [
    column('flow_id', 'varchar(64)'),
    nullable('paused_at', 'timestamp'),
    nullable('until_at', 'timestamp'),
    nullable('note', 'text'),
    nullable('paused_by', 'varchar(255)'),
    nullable('failure_limit', 'int'),
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
