import { column, literal, nullable, table } from '../engine/schema/declare';
import { counterColumns, prunedTable } from '../statistics/meaning';

/**
 * One row a flow: how many of its runs that began, succeeded and failed were removed; and when the migration took what had
 * been removed before from the flow's counters, NULL where it has not.
 */
export const pruned = table(prunedTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** How many of its removed runs that counter had counted. */
    ...counterColumns.map((name) => column(name, 'int', { default: literal(0) })),
    /** When the migration took earlier removals from the flow's counters. Null: it has not. */
    nullable('taken_at', 'timestamp'),
  ],
  primaryKey: ['flow_id'],
});
