import type { Damage } from '../damaged-database';
import { executions, flows, unchecked } from './statements';

/** Wrong foreign keys, and the rows that they accept. */
export const keyDamages: readonly Damage[] = [
  {
    name: 'with SET NULL is missing',
    damage: [flows('DROP FOREIGN KEY fk_flows_policy')],
    checks: ['foreign-keys', 'set-null'],
    names: 'fk_flows_policy is missing',
  },
  {
    name: 'with CASCADE is missing',
    damage: [executions('DROP FOREIGN KEY fk_executions_flow')],
    checks: ['foreign-keys', 'cascade-delete'],
    names: 'fk_executions_flow is missing',
  },
  {
    name: 'with RESTRICT is missing',
    damage: [flows('DROP FOREIGN KEY fk_flows_repository')],
    checks: ['foreign-keys', 'restrict'],
    names: 'fk_flows_repository is missing',
  },
  {
    name: 'has another name, as pt-online-schema-change leaves it',
    damage: [
      executions(
        'ADD CONSTRAINT _fk_executions_schedule FOREIGN KEY (schedule_execution_id) REFERENCES schedule_executions (id) ON DELETE SET NULL ON UPDATE RESTRICT, DROP FOREIGN KEY fk_executions_schedule',
      ),
    ],
    checks: ['foreign-keys'],
    names: 'fk_executions_schedule: name is _fk_executions_schedule, not fk_executions_schedule',
  },
  {
    name: 'has CASCADE instead of SET NULL',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_schedule'),
      flows(
        'ADD CONSTRAINT fk_flows_schedule FOREIGN KEY (schedule_id) REFERENCES replication_schedules (id) ON DELETE CASCADE',
      ),
    ],
    checks: ['foreign-keys', 'set-null'],
    names: 'fk_flows_schedule: on-delete is CASCADE',
  },
  {
    name: 'has CASCADE instead of RESTRICT',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_repository'),
      flows(
        'ADD CONSTRAINT fk_flows_repository FOREIGN KEY (repository_id) REFERENCES backup_repositories (id) ON DELETE CASCADE',
      ),
    ],
    checks: ['foreign-keys', 'restrict'],
    names: 'fk_flows_repository: on-delete is CASCADE',
  },
  {
    name: 'has RESTRICT instead of CASCADE',
    damage: [
      executions('DROP FOREIGN KEY fk_executions_flow'),
      executions('ADD CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id)'),
    ],
    checks: ['foreign-keys', 'cascade-delete'],
    names: 'fk_executions_flow: on-delete is',
  },
  {
    name: 'has ON UPDATE CASCADE',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_schedule'),
      flows(
        'ADD CONSTRAINT fk_flows_schedule FOREIGN KEY (schedule_id) REFERENCES replication_schedules (id) ON DELETE SET NULL ON UPDATE CASCADE',
      ),
    ],
    checks: ['foreign-keys'],
    names: 'fk_flows_schedule: on-update is CASCADE',
  },
  {
    name: 'starts at the wrong column',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_policy'),
      ...unchecked(
        flows(
          'ADD CONSTRAINT fk_flows_policy FOREIGN KEY (repository_id) REFERENCES backup_policies (id) ON DELETE CASCADE',
        ),
      ),
    ],
    checks: ['foreign-keys', 'set-null', 'restrict'],
    names: 'fk_flows_policy: columns is repository_id',
  },
  {
    name: 'refers to the wrong table',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_policy'),
      ...unchecked(
        flows(
          'ADD CONSTRAINT fk_flows_policy FOREIGN KEY (policy_id) REFERENCES backup_repositories (id) ON DELETE SET NULL ON UPDATE NO ACTION',
        ),
      ),
    ],
    checks: ['foreign-keys', 'set-null'],
    names: 'fk_flows_policy: parent is backup_repositories(id)',
  },
  {
    name: 'refers to a missing parent table',
    damage: unchecked('DROP TABLE backup_policies'),
    checks: ['foreign-keys'],
    names: 'backup_policies, which does not exist',
  },
  {
    name: 'is not declared',
    damage: [
      flows(
        'ADD CONSTRAINT fk_last FOREIGN KEY (last_execution_id) REFERENCES protection_flow_executions (id) ON DELETE SET NULL',
      ),
    ],
    checks: ['foreign-keys'],
    names: 'fk_last is not declared',
  },
  {
    name: 'with CASCADE has orphans',
    damage: unchecked(
      "INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES ('run-9', 'no such flow', 'api')",
    ),
    checks: ['orphans'],
    names: 'fk_executions_flow: 1 row of',
  },
  {
    name: 'with SET NULL has orphans',
    damage: unchecked("UPDATE protection_flows SET schedule_id = 'no such schedule'"),
    checks: ['orphans'],
    names: 'fk_flows_schedule: 2 rows',
  },
  {
    name: 'with RESTRICT has orphans',
    damage: unchecked("UPDATE protection_flows SET repository_id = 'no such repository'"),
    checks: ['orphans'],
    names: 'fk_flows_repository: 2 rows',
  },
  {
    name: 'is missing, and its table has orphans',
    damage: [
      flows('DROP FOREIGN KEY fk_flows_repository'),
      "UPDATE protection_flows SET repository_id = CONCAT('gone ', id)",
    ],
    checks: ['foreign-keys', 'orphans', 'restrict'],
    names: 'fk_flows_repository is missing',
  },
];
