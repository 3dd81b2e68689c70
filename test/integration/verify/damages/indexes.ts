import type { Damage } from '../damaged-database';
import { executions, flows } from './statements';

const check =
  "CHECK ((flow_type = 'backup' AND repository_id IS NOT NULL) OR (flow_type = 'replication' AND destination_type IS NOT NULL)";
const newCheck = (text: string): string[] => [
  flows('DROP CONSTRAINT chk_flows_type'),
  flows(`ADD CONSTRAINT chk_flows_type ${text}`),
];

/** Wrong indexes. */
export const indexDamages: readonly Damage[] = [
  {
    name: 'is missing',
    damage: [executions('DROP INDEX idx_status')],
    checks: ['indexes'],
    names: 'idx_status is missing',
  },
  {
    name: 'has its columns in another order',
    damage: [
      flows(
        'DROP INDEX idx_flows_target_created, ADD INDEX idx_flows_target_created (target_id, target_type, created_at)',
      ),
    ],
    checks: ['indexes'],
    names: 'idx_flows_target_created: columns is target_id, target_type',
  },
  {
    name: 'has no DESC',
    damage: [
      executions('DROP INDEX idx_flow_executions, ADD INDEX idx_flow_executions (flow_id, started_at)'),
    ],
    checks: ['indexes'],
    names: 'idx_flow_executions: columns',
  },
  {
    name: 'holds only a prefix of a column',
    damage: [
      flows(
        'DROP INDEX idx_flows_target_created, ADD INDEX idx_flows_target_created (target_type, target_id(8), created_at)',
      ),
    ],
    checks: ['indexes'],
    names: 'target_id(8)',
  },
  {
    name: 'is not unique, and two flows share a name',
    damage: [
      flows('DROP INDEX uq_flows_name, ADD INDEX uq_flows_name (name)'),
      "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type) VALUES ('flow-3', 'NIGHTLY', 'replication', 'vm', 'x', 'ossea')",
    ],
    checks: ['indexes'],
    names: 'uq_flows_name: unique is not unique',
    rows: { flows: 3 },
  },
  {
    name: 'is unique, although it is not declared as unique',
    damage: [
      flows('DROP INDEX idx_last_execution, ADD UNIQUE INDEX idx_last_execution (last_execution_time)'),
    ],
    checks: ['indexes'],
    names: 'idx_last_execution: unique is unique',
  },
  {
    name: 'is ignored',
    damage: [flows('ALTER INDEX idx_flows_due IGNORED')],
    checks: ['indexes'],
    names: 'idx_flows_due: visible is ignored',
    only: 'mariadb',
  },
  {
    name: 'is invisible',
    damage: [flows('ALTER INDEX idx_flows_due INVISIBLE')],
    checks: ['indexes'],
    names: 'idx_flows_due: visible is ignored',
    only: 'mysql',
  },
  {
    name: 'is over an expression',
    damage: [flows('DROP INDEX idx_last_execution, ADD INDEX idx_last_execution ((total_executions + 1))')],
    checks: ['indexes'],
    names: 'idx_last_execution: columns',
    only: 'mysql',
  },
  {
    name: 'is for full-text search',
    damage: [
      flows('DROP INDEX idx_policy, ADD FULLTEXT INDEX idx_policy (policy_id), ADD INDEX other (policy_id)'),
    ],
    checks: ['indexes'],
    names: 'idx_policy: kind is FULLTEXT',
  },
  {
    name: 'of a key has another name',
    damage: [flows('ADD INDEX other (policy_id), DROP INDEX idx_policy')],
    checks: ['indexes'],
    names: 'idx_policy is missing',
  },
  {
    name: 'of a key has another name, and is unique',
    damage: [flows('ADD UNIQUE INDEX other (policy_id), DROP INDEX idx_policy')],
    checks: ['indexes'],
    names: 'other is not declared',
  },
  {
    name: 'is unique and not declared',
    damage: [flows('ADD UNIQUE INDEX one_per_target (target_id)')],
    checks: ['indexes'],
    names: 'one_per_target is not declared',
  },
];

/** Wrong CHECKs. */
export const checkDamages: readonly Damage[] = [
  {
    name: 'is missing',
    damage: [flows('DROP CONSTRAINT chk_flows_type')],
    checks: ['check-constraints'],
    names: 'chk_flows_type is missing',
  },
  {
    name: 'is missing, and rows violate it',
    damage: [
      flows('DROP CONSTRAINT chk_flows_type'),
      "UPDATE protection_flows SET repository_id = NULL WHERE id = 'flow-1'",
      "UPDATE protection_flows SET destination_type = NULL WHERE id = 'flow-2'",
    ],
    checks: ['check-constraints'],
    names: '2 rows of protection_flows break chk_flows_type',
  },
  {
    name: 'is weakened by OR 1=1',
    damage: newCheck(`${check} OR 1=1)`),
    checks: ['check-constraints'],
    names: 'chk_flows_type: expression',
  },
  {
    name: 'is weakened to one column',
    damage: newCheck("CHECK (flow_type = 'backup' OR destination_type IS NOT NULL)"),
    checks: ['check-constraints'],
    names: 'chk_flows_type: expression',
  },
  {
    name: 'is weakened by other parentheses',
    damage: newCheck(
      "CHECK (flow_type = 'backup' AND (repository_id IS NOT NULL OR flow_type = 'replication' AND destination_type IS NOT NULL) OR flow_type = 'replication')",
    ),
    checks: ['check-constraints'],
    names: 'chk_flows_type: expression',
  },
  {
    name: 'is weakened by a further OR',
    damage: [
      flows('DROP CONSTRAINT chk_flows_type'),
      flows(
        "ADD CONSTRAINT chk_flows_type CHECK ((flow_type = 'backup' AND repository_id IS NOT NULL) OR (flow_type = 'replication' AND destination_type IS NOT NULL) OR destination_type = 'hyperv')",
      ),
    ],
    checks: ['check-constraints'],
    names: 'chk_flows_type: expression',
  },
  {
    name: 'is not enforced',
    damage: [flows('ALTER CHECK chk_flows_type NOT ENFORCED')],
    checks: ['check-constraints'],
    names: 'chk_flows_type: enforced is NOT ENFORCED',
    only: 'mysql',
  },
  {
    name: 'is not declared',
    damage: [flows("ADD CONSTRAINT chk_extra CHECK (created_by <> 'nobody')")],
    checks: ['check-constraints'],
    names: 'chk_extra is not declared',
  },
  {
    name: 'is not declared, and belongs to a column',
    damage: [
      flows("MODIFY created_by varchar(255) NOT NULL DEFAULT 'system' CHECK (created_by <> 'nobody')"),
    ],
    checks: ['check-constraints'],
    names: 'is not declared',
  },
];
