import { column, literal } from '../engine/schema/declare';
import type { Table } from '../engine/schema/shape';
import { counterColumns, prunedTable } from '../statistics/meaning';

/**
 * One row a flow: how many of its runs that began, succeeded and failed were removed; and when the migration took what had
 * been removed before from the flow's counters, NULL where it has not.
 */
export const pruned: Table = {
  name: prunedTable,
  engine: 'InnoDB',
  charset: 'utf8mb4',
  collation: 'utf8mb4_unicode_ci',
  columns: [
    column('flow_id', 'varchar(64)'),
    ...counterColumns.map((name) => column(name, 'int', { default: literal(0) })),
    column('taken_at', 'timestamp', { nullable: true, default: null }),
  ],
  primaryKey: ['flow_id'],
  indexes: [],
  checks: [],
  foreignKeys: [],
};
