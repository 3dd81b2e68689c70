import { column, literal, now, nullable, table } from '../engine/schema/declare';
import type { Column } from '../engine/schema/shape';
import { skipsTable, timetablesTable } from '../statistics/meaning';
import { createOwnTable, StepMigration } from './step-migration';

// With a default: without one, servers with explicit_defaults_for_timestamp=OFF change the first at every update
const instant = (name: string): Column => column(name, 'timestamp', { default: now });

/**
 * Consecutive runs of a flow that were skipped or missed for one reason. The next such run joins the row if it is due at
 * `next_due_at`. `runs` is NULL if they were too many to count.
 */
const skips = table(skipsTable, {
  columns: [
    /** The flow that did not run. */
    column('flow_id', 'varchar(64)'),
    /** When the first of these runs was due. */
    instant('first_due_at'),
    /** Why they did not run: `paused`, `still-running`, `missed` and others. */
    column('reason', 'varchar(32)'),
    /** When the last of them was due. */
    instant('last_due_at'),
    /** When the next run is due: if it is skipped for the same reason, it joins the row. Null: there is no next run. */
    nullable('next_due_at', 'timestamp'),
    /** The number of these runs. Null: too many to count in one claim. */
    column('runs', 'int', { nullable: true, default: literal(1) }),
    /** When a scheduler decided to skip the last of them. */
    instant('decided_at'),
  ],
  primaryKey: ['flow_id', 'first_due_at', 'reason'],
});

/** The schedule from which the times of a flow were computed, from an instant on. */
const timetables = table(timetablesTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** The row applies after this instant. */
    instant('from_at'),
    /** `on`, or why the flow has no times, such as `schedule-disabled`. */
    column('state', 'varchar(32)'),
    /** The flow's schedule. Null: it had none. */
    nullable('schedule_id', 'varchar(64)'),
    /** The schedule's expression at that time. Null: it had none. */
    nullable('cron_expression', 'varchar(255)'),
    /** The expression's time zone. Null: there was no expression. */
    nullable('timezone', 'varchar(255)'),
  ],
  primaryKey: ['flow_id', 'from_at'],
});

/** The tables of the ledger. */
export const ledgerTables = [skips, timetables] as const;

/** Creates the ledger: which runs the scheduler skipped and why, and the history of schedules. */
export class KeepWhatDidNotRun1795305606000 extends StepMigration {
  readonly name = 'KeepWhatDidNotRun1795305606000';
  readonly breaking = false;
  // The schedules give the timetables again, so a rollback may drop them
  readonly steps = [createOwnTable(skips), createOwnTable(timetables, { isLossless: true })];
}
