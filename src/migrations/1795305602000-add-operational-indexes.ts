import { index } from '../schema/declare';
import { addIndex } from '../schema/steps/add-index';
import { StepMigration } from './step-migration';

/**
 * Indexes for the two queries that the platform's own do not serve: the flows that are due, and a flow's history,
 * newest first, which reads this ascending index backwards (InnoDB appends the primary key to it).
 */
export class AddOperationalIndexes1795305602000 extends StepMigration {
  readonly name = 'AddOperationalIndexes1795305602000';
  readonly steps = [
    addIndex('protection_flows', index('idx_flows_due', 'enabled', 'next_execution_time')),
    addIndex('protection_flow_executions', index('idx_executions_history', 'flow_id', 'created_at')),
  ];
}
