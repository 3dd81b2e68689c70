import { select } from '../../../../src/engine/server/queryable';
import { migrationList } from '../../../../src/migrations';
import { executionsTable, flowCheck, flowsTable, ownKey, plain } from '../platform-ddl';
import type { Start } from '../start';

const zeroTime = "TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00'";
const lax = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'";
const strict = 'SET SESSION sql_mode = DEFAULT';

/** The definitions that explicit_defaults_for_timestamp=OFF makes of columns such as `last_execution_time TIMESTAMP`. */
const offFlows = {
  last_execution_time: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
  next_execution_time: zeroTime,
  created_at: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
  updated_at: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
};
const offExecutions = {
  started_at: zeroTime,
  completed_at: zeroTime,
  created_at: zeroTime,
};

/** Tables with more than the platform's SQL, or as an older server makes them from it. */
export const extraStarts: Record<string, Start> = {
  'with added columns and indexes': {
    sql: plain(
      {
        more: [
          "owner VARCHAR(50) NOT NULL COMMENT 'whom to\\\\ ask: it''s them'",
          'priority INT NOT NULL DEFAULT 3',
          'cost DECIMAL(10,2) NULL',
          'INDEX idx_owner (owner)',
          'UNIQUE INDEX uq_twice (name, target_id)',
        ],
      },
      { more: ['INDEX idx_by_type (execution_type, created_at)'] },
    ),
    extra: { owner: 'Zoë', cost: '12.50' },
    extras: ['owner', 'priority', 'cost', 'idx_owner', 'uq_twice', 'idx_by_type'],
    async after(session) {
      const rows = await select(session, 'SELECT owner, cost, priority FROM protection_flows');
      expect(rows).toEqual(Array(2).fill({ owner: 'Zoë', cost: '12.50', priority: 3 }));
      const [column] = await select(
        session,
        `SELECT COLUMN_COMMENT AS comment FROM information_schema.COLUMNS
          WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'protection_flows' AND COLUMN_NAME = 'owner'`,
      );
      expect(column).toEqual({ comment: "whom to\\ ask: it's them" });
    },
  },
  'with the timestamps of explicit_defaults_for_timestamp=OFF': {
    sql: [
      lax,
      flowsTable({ columns: offFlows }),
      executionsTable({ columns: offExecutions, more: [ownKey] }),
    ],
    then: [
      `INSERT INTO protection_flow_executions (id, flow_id, execution_type, completed_at) VALUES ('run-0', 'flow-1', 'api', '2024-12-24 12:00:00')`,
      `UPDATE protection_flows SET last_execution_time = '2025-01-05 00:00:00', enabled = NULL, updated_at = updated_at`,
      strict,
    ],
  },
  'in MyISAM': {
    sql: [
      flowsTable({ engine: 'MyISAM', columns: { name: 'VARCHAR(200) NOT NULL UNIQUE' } }),
      executionsTable({ engine: 'MyISAM', bare: true }),
    ],
  },
  'with other names of an index and the CHECK, and another order in the CHECK': {
    sql: [
      flowsTable({
        bare: true,
        unchecked: true,
        columns: { name: 'VARCHAR(255) NOT NULL' },
        more: [
          'UNIQUE KEY unique_flow_name (name)',
          'KEY by_schedule (schedule_id)',
          "CONSTRAINT right_type CHECK ((flow_type = 'replication' AND destination_type IS NOT NULL) OR (repository_id IS NOT NULL AND flow_type = 'backup'))",
        ],
      }),
      executionsTable({ more: [ownKey] }),
    ],
    extras: ['by_schedule'],
  },
  'with a duplicate index and a duplicate CHECK': {
    sql: plain({
      more: [
        'UNIQUE KEY second_name (name)',
        'UNIQUE KEY with_id (target_id, id)',
        `CONSTRAINT again ${flowCheck}`,
      ],
    }),
    extras: ['with_id'],
  },
  'with the CHECK in the definition of a column': {
    sql: plain({
      unchecked: true,
      columns: { destination_type: `ENUM('ossea', 'vmware', 'hyperv') ${flowCheck}` },
    }),
    only: 'mariadb',
  },
  'of which only the first migration is recorded': {
    migrates: true,
    sql: [
      ...plain(),
      'CREATE TABLE sendense_flow_migrations (id int PRIMARY KEY AUTO_INCREMENT, timestamp bigint NOT NULL, name varchar(255) NOT NULL) ENGINE=InnoDB',
      `INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (${migrationList[0]?.name.slice(-13) ?? ''}, '${migrationList[0]?.name ?? ''}')`,
    ],
  },
};
