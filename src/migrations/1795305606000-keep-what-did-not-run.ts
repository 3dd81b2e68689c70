import { column, literal, now, nullable, table } from '../engine/schema/declare';
import type { Column } from '../engine/schema/shape';
import { skipsTable, timetablesTable } from '../statistics/meaning';
import { createOwnTable } from './own-table';
import { StepMigration } from './step-migration';

// A default on each: without one, servers with explicit_defaults_for_timestamp=OFF let the first change with every update
const instant = (name: string): Column => column(name, 'timestamp', { default: now });

/**
 * Runs of a flow that did not take place: all that were due from the first to the last, so many, for one reason. A later one
 * joins them where it is due at `next_due_at`. `runs` is NULL where they were too many to be counted.
 */
const skips = table(skipsTable, {
  columns: [
    column('flow_id', 'varchar(64)'),
    instant('first_due_at'),
    column('reason', 'varchar(32)'),
    instant('last_due_at'),
    nullable('next_due_at', 'timestamp'),
    column('runs', 'int', { nullable: true, default: literal(1) }),
    instant('decided_at'),
  ],
  primaryKey: ['flow_id', 'first_due_at', 'reason'],
});

/** What the times of a flow were computed from, from an instant on. */
const timetables = table(timetablesTable, {
  columns: [
    column('flow_id', 'varchar(64)'),
    instant('from_at'),
    column('state', 'varchar(32)'),
    nullable('schedule_id', 'varchar(64)'),
    nullable('cron_expression', 'varchar(255)'),
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
