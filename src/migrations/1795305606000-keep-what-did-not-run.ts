import { column, literal, now, nullable, table } from '../engine/schema/declare';
import type { Column } from '../engine/schema/shape';
import { skipsTable, timetablesTable } from '../statistics/meaning';
import { createOwnTable, StepMigration } from './step-migration';

// A default on each: without one, servers with explicit_defaults_for_timestamp=OFF let the first change with every update
const instant = (name: string): Column => column(name, 'timestamp', { default: now });

/**
 * Runs of a flow that did not take place: all that were due from the first to the last, so many, for one reason. A later one
 * joins them where it is due at `next_due_at`. `runs` is NULL where they were too many to be counted.
 */
const skips = table(skipsTable, {
  columns: [
    /** The flow that did not run. */
    column('flow_id', 'varchar(64)'),
    /** When the first of these runs was due. */
    instant('first_due_at'),
    /** Why they did not run, in one word: `paused`, `still-running`, `missed` and others. */
    column('reason', 'varchar(32)'),
    /** When the last of them was due. */
    instant('last_due_at'),
    /** When the run after them is due: one that is left out at that time joins the row. Null: at no time. */
    nullable('next_due_at', 'timestamp'),
    /** How many they are. Null: too many to be counted in one claim. */
    column('runs', 'int', { nullable: true, default: literal(1) }),
    /** When the last of them was left out. */
    instant('decided_at'),
  ],
  primaryKey: ['flow_id', 'first_due_at', 'reason'],
});

/** What the times of a flow were computed from, from an instant on. */
const timetables = table(timetablesTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** The instant after which this holds. */
    instant('from_at'),
    /** `on`, or why the flow has no times, such as `schedule-disabled`. */
    column('state', 'varchar(32)'),
    /** The flow's schedule. Null: it had none. */
    nullable('schedule_id', 'varchar(64)'),
    /** The schedule's expression at that time. Null: there was none to compute from. */
    nullable('cron_expression', 'varchar(255)'),
    /** The time zone in which it was meant. Null: there was no expression. */
    nullable('timezone', 'varchar(255)'),
  ],
  primaryKey: ['flow_id', 'from_at'],
});

/** The tables of the ledger. */
export const ledgerTables = [skips, timetables] as const;

/** Makes the ledger: what the scheduler did not run and why, and what schedules were when. */
export class KeepWhatDidNotRun1795305606000 extends StepMigration {
  readonly name = 'KeepWhatDidNotRun1795305606000';
  readonly breaking = false;
  // Time tables are read anew from the schedules: they keep no rollback from dropping them
  readonly steps = [createOwnTable(skips), createOwnTable(timetables, { isLossless: true })];
}
