import { column, literal, table } from '../engine/schema/declare';
import { counterColumns, prunedTable } from '../statistics/meaning';

/** One row a flow: how many of its runs that began, succeeded and failed were removed. */
export const pruned = {
  ...table(prunedTable, {
    columns: [
      column('flow_id', 'varchar(64)'),
      ...counterColumns.map((name) => column(name, 'int', { default: literal(0) })),
    ],
  }),
  primaryKey: ['flow_id'],
};
