import { index } from '../engine/schema/declare';
import { addIndex } from '../engine/steps/indexes';
import { StepMigration } from './step-migration';

const flows = 'protection_flows';

/**
 * Adds indexes for the statements that the data layer executes every few seconds: which flows are due, whether a flow runs,
 * and the list of flows, newest first, with each of its filters. The list reads its index backwards (InnoDB appends the
 * primary key), so that every page costs the same.
 */
export class AddOperationalIndexes1795305602000 extends StepMigration {
  readonly name = 'AddOperationalIndexes1795305602000';
  readonly breaking = false;
  readonly steps = [
    addIndex(flows, index('idx_flows_due', 'enabled', 'next_execution_time')),
    addIndex(flows, index('idx_flows_created', 'created_at')),
    addIndex(flows, index('idx_flows_type_created', 'flow_type', 'created_at')),
    addIndex(flows, index('idx_flows_enabled_created', 'enabled', 'created_at')),
    addIndex(flows, index('idx_flows_schedule_created', 'schedule_id', 'created_at')),
    addIndex(flows, index('idx_flows_target_created', 'target_type', 'target_id', 'created_at')),
    addIndex('protection_flow_executions', index('idx_executions_flow_status', 'flow_id', 'status')),
  ];
}
