import { column, index, literal, table } from '../engine/schema/declare';
import { addIndex, dropIndex } from '../engine/steps/indexes';
import { skipTotalsTable } from '../statistics/meaning';
import { createOwnTable, StepMigration } from './step-migration';

const executions = 'protection_flow_executions';
const byTime = index('idx_executions_flow_status_created', 'flow_id', 'status', 'created_at');

/** How many runs of a flow were skipped or missed, by reason. */
export const skipTotals = table(skipTotalsTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** The reason, as in sendense_flow_skips. */
    column('reason', 'varchar(32)'),
    /** How many of the flow's runs did not take place for this reason. It never decreases: prune does not change it. */
    column('runs', 'bigint', { default: literal(0) }),
  ],
  primaryKey: ['flow_id', 'reason'],
});

/** Adds an index that finds a flow's newest success as one entry, however many failures followed. Counts skipped runs. */
export class ServeMetrics1795305607000 extends StepMigration {
  readonly name = 'ServeMetrics1795305607000';
  readonly breaking = false;
  readonly steps = [
    addIndex(executions, byTime),
    dropIndex(executions, index('idx_executions_flow_status', 'flow_id', 'status'), { coveredBy: byTime }),
    createOwnTable(skipTotals),
  ];
}
