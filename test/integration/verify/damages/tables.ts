import type { Damage } from '../damaged-database';
import { unchecked } from './statements';

const dropKeys = [
  'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow',
  'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_schedule',
];
const dropped = (...tables: string[]): string[] => unchecked(`DROP TABLE ${tables.join(', ')}`);

/** Wrong and missing tables. */
export const tableDamages: readonly Damage[] = [
  {
    name: 'protection_flow_executions has another engine',
    damage: [...dropKeys, 'ALTER TABLE protection_flow_executions ENGINE=MyISAM'],
    checks: ['tables', 'foreign-keys', 'key-compatibility'],
    names: 'protection_flow_executions: engine is MyISAM',
    only: 'mariadb',
  },
  {
    name: 'protection_flow_executions has another engine',
    damage: [
      ...dropKeys,
      'ALTER TABLE protection_flow_executions DROP INDEX idx_flow_executions, ENGINE=MyISAM',
    ],
    checks: ['tables', 'indexes', 'foreign-keys', 'key-compatibility'],
    names: 'protection_flow_executions: engine is MyISAM',
    only: 'mysql',
  },
  {
    name: 'a parent table has another engine',
    damage: [
      'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_schedule',
      'ALTER TABLE schedule_executions DROP FOREIGN KEY schedule_executions_ibfk_1, DROP FOREIGN KEY schedule_executions_ibfk_2',
      'ALTER TABLE schedule_executions ENGINE=MyISAM',
    ],
    checks: ['foreign-keys', 'key-compatibility'],
    names: 'fk_executions_schedule is missing',
  },
  {
    name: 'protection_flows has another default charset',
    damage: ['ALTER TABLE protection_flows DEFAULT CHARACTER SET latin1'],
    checks: ['tables'],
    names: 'protection_flows: charset is latin1',
  },
  {
    name: 'protection_flows has another default collation',
    damage: ['ALTER TABLE protection_flows DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'],
    checks: ['tables'],
    names: 'protection_flows: collation is utf8mb4_bin',
  },
  {
    name: 'protection_flows has the row format COMPACT, whose indexes are too short for a name',
    damage: ['ALTER TABLE protection_flows DROP INDEX uq_flows_name, ROW_FORMAT=COMPACT'],
    checks: ['tables', 'indexes'],
    names: 'protection_flows: row-format is COMPACT, not DYNAMIC',
  },
  {
    name: 'protection_flow_executions is partitioned',
    damage: [...dropKeys, 'ALTER TABLE protection_flow_executions PARTITION BY KEY (id) PARTITIONS 2'],
    checks: ['tables', 'foreign-keys', 'key-compatibility', 'cascade-delete', 'set-null'],
    names: 'protection_flow_executions: kind is partitioned',
  },
  {
    name: 'protection_flow_executions is system-versioned',
    damage: ['ALTER TABLE protection_flow_executions ADD SYSTEM VERSIONING'],
    checks: ['tables'],
    names: 'kind is system versioned',
    only: 'mariadb',
  },
  {
    name: 'protection_flow_executions is missing',
    damage: dropped('protection_flow_executions'),
    checks: ['tables'],
    verdict: 'recorded-but-absent',
    names: 'protection_flow_executions is missing',
    rows: { executions: 0 },
  },
  {
    name: 'protection_flows is missing',
    damage: dropped('protection_flows'),
    checks: ['tables'],
    verdict: 'recorded-but-absent',
    names: 'protection_flows is missing',
    rows: { flows: 0, executions: 0 },
  },
  {
    name: 'both tables are missing',
    damage: dropped('protection_flows', 'protection_flow_executions'),
    checks: ['tables'],
    verdict: 'recorded-but-absent',
    names: 'protection_flows is missing',
    rows: { flows: 0, executions: 0 },
  },
  {
    name: 'both tables and the history are missing',
    damage: dropped('protection_flows', 'protection_flow_executions', 'sendense_flow_migrations'),
    checks: ['history', 'tables'],
    verdict: 'never-ran',
    names: 'there is no table',
    rows: { flows: 0, executions: 0 },
  },
  {
    name: 'protection_flow_executions is a view',
    damage: [
      'RENAME TABLE protection_flow_executions TO runs',
      'CREATE VIEW protection_flow_executions AS SELECT * FROM runs',
    ],
    checks: ['tables'],
    verdict: 'recorded-but-absent',
    names: 'protection_flow_executions: engine is VIEW',
  },
];

const trigger = (name: string, when: string, body: string): string =>
  `CREATE TRIGGER ${name} ${when} FOR EACH ROW ${body}`;

/** Triggers that make correct objects behave wrongly. */
export const triggerDamages: readonly Damage[] = [
  {
    name: 'moves the executions of a deleted flow to another flow',
    damage: [
      trigger(
        'keep_runs',
        'BEFORE DELETE ON protection_flows',
        "UPDATE protection_flow_executions SET flow_id = 'flow-2' WHERE flow_id = OLD.id",
      ),
    ],
    checks: ['cascade-delete'],
    names: 'keep_runs',
  },
  {
    name: 'gives new executions to another flow',
    damage: [
      trigger('join_runs', 'BEFORE INSERT ON protection_flow_executions', "SET NEW.flow_id = 'flow-1'"),
    ],
    // It also gives an execution without a flow to that flow, so the execution is accepted
    checks: ['cascade-delete', 'restrict'],
    names: 'join_runs',
  },
  {
    name: 'refuses flows',
    damage: [
      trigger(
        'no_flows',
        'BEFORE INSERT ON protection_flows',
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closed'",
      ),
    ],
    checks: ['indexes', 'check-constraints', 'cascade-delete', 'set-null', 'restrict'],
    names: 'no_flows',
  },
  {
    name: 'completes invalid flows',
    damage: [
      trigger(
        'complete',
        'BEFORE INSERT ON protection_flows',
        "SET NEW.destination_type = COALESCE(NEW.destination_type, 'ossea')",
      ),
    ],
    checks: ['check-constraints'],
    names: 'complete',
  },
  {
    name: 'changes the last status of new flows',
    damage: [
      trigger('no_cancel', 'BEFORE INSERT ON protection_flows', "SET NEW.last_execution_status = 'pending'"),
    ],
    checks: ['check-constraints'],
    names: 'no_cancel',
  },
  {
    name: 'changes the names of new flows',
    damage: [trigger('rename_flow', 'BEFORE INSERT ON protection_flows', 'SET NEW.name = UUID()')],
    checks: ['indexes'],
    names: 'rename_flow',
  },
];
