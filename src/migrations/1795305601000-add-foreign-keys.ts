import { foreignKey, index } from '../schema/declare';
import { addForeignKey } from '../schema/steps/add-foreign-key';
import { addIndex } from '../schema/steps/add-index';
import { StepMigration } from './step-migration';

const flows = 'protection_flows';
const executions = 'protection_flow_executions';
const id = (table: string) => ({ table, column: 'id' });

/**
 * The five foreign keys, each child column with an index of its own name: the server would make a nameless one that
 * outlives its key. A key whose parent table does not exist is left for a later migrate.
 */
export class AddForeignKeys1795305601000 extends StepMigration {
  readonly name = 'AddForeignKeys1795305601000';
  readonly steps = [
    addIndex(flows, index('idx_repository', 'repository_id')),
    addIndex(flows, index('idx_policy', 'policy_id')),
    addIndex(executions, index('idx_schedule_execution', 'schedule_execution_id')),
    addForeignKey(executions, foreignKey('fk_executions_flow', 'flow_id', id(flows), 'CASCADE')),
    addForeignKey(
      flows,
      foreignKey('fk_flows_schedule', 'schedule_id', id('replication_schedules'), 'SET NULL'),
    ),
    addForeignKey(
      executions,
      foreignKey('fk_executions_schedule', 'schedule_execution_id', id('schedule_executions'), 'SET NULL'),
    ),
    addForeignKey(
      flows,
      foreignKey('fk_flows_repository', 'repository_id', id('backup_repositories'), 'RESTRICT'),
    ),
    addForeignKey(flows, foreignKey('fk_flows_policy', 'policy_id', id('backup_policies'), 'SET NULL')),
  ];
}
