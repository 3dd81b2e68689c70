import { index } from '../engine/schema/declare';
import { addIndex, dropIndex } from '../engine/steps/indexes';
import { StepMigration } from './step-migration';

const executions = 'protection_flow_executions';
const byTime = index('idx_executions_flow_status_created', 'flow_id', 'status', 'created_at');

/** Lets the newest success of a flow be one entry of an index, however long it has failed since. */
export class ServeMetrics1795305607000 extends StepMigration {
  readonly name = 'ServeMetrics1795305607000';
  readonly breaking = false;
  readonly steps = [
    addIndex(executions, byTime),
    dropIndex(executions, index('idx_executions_flow_status', 'flow_id', 'status'), { coveredBy: byTime }),
  ];
}
