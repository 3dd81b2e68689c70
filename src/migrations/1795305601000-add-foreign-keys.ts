import { foreignKey, index } from '../engine/schema/declare';
import { addForeignKey } from '../engine/steps/add-foreign-key';
import { addIndex } from '../engine/steps/indexes';
import { StepMigration } from './step-migration';

const flows = 'protection_flows';
const executions = 'protection_flow_executions';
const id = (table: string) => ({ table, column: 'id' });

const ofExecutions = {
  // Not idx_flow_executions, in which started_at may be NULL: see guarded-columns.ts
  flow: index('idx_executions_history', 'flow_id', 'created_at'),
  schedule: index('idx_schedule_execution', 'schedule_execution_id'),
};
const ofFlows = {
  schedule: index('idx_schedule', 'schedule_id'),
  repository: index('idx_repository', 'repository_id'),
  policy: index('idx_policy', 'policy_id'),
};

/**
 * Adds the five foreign keys, each with a named index on its child column: the server would make an unnamed index that
 * outlives its key. A key whose parent table does not exist is left for a later migrate.
 *
 * Not breaking: the keys refuse only faults (a row without parent, the deletion of a repository in use). If such a row
 * exists already, the key is refused and the row stays.
 */
export class AddForeignKeys1795305601000 extends StepMigration {
  readonly name = 'AddForeignKeys1795305601000';
  readonly breaking = false;
  readonly steps = [
    addIndex(flows, ofFlows.repository),
    addIndex(flows, ofFlows.policy),
    addIndex(executions, ofExecutions.schedule),
    addForeignKey(
      executions,
      foreignKey('fk_executions_flow', 'flow_id', id(flows), 'CASCADE'),
      ofExecutions.flow,
    ),
    addForeignKey(
      flows,
      foreignKey('fk_flows_schedule', 'schedule_id', id('replication_schedules'), 'SET NULL'),
      ofFlows.schedule,
    ),
    addForeignKey(
      executions,
      foreignKey('fk_executions_schedule', 'schedule_execution_id', id('schedule_executions'), 'SET NULL'),
      ofExecutions.schedule,
    ),
    addForeignKey(
      flows,
      foreignKey('fk_flows_repository', 'repository_id', id('backup_repositories'), 'RESTRICT'),
      ofFlows.repository,
    ),
    addForeignKey(
      flows,
      foreignKey('fk_flows_policy', 'policy_id', id('backup_policies'), 'SET NULL'),
      ofFlows.policy,
    ),
  ];
}
