import { executionsTable, flowsTable, ownKey, plain } from '../platform-ddl';
import type { Start } from '../start';

/** Tables from the platform's SQL, unchanged or with something left out. */
export const plainStarts: Record<string, Start> = {
  "made by the platform's own SQL": { sql: plain() },
  "made by the platform's own SQL, with NULLs in the rows": { sql: plain(), nulls: true },
  'without fk_executions_flow': { sql: [flowsTable(), executionsTable()] },
  'without the CHECK, and with cancelled in the ENUM': {
    sql: plain({
      unchecked: true,
      columns: {
        last_execution_status:
          "ENUM('success', 'warning', 'error', 'running', 'pending', 'cancelled') DEFAULT 'pending'",
      },
    }),
  },
  'in row format COMPACT, whose indexes are too short for a name': {
    sql: plain({
      columns: { name: 'VARCHAR(255) NOT NULL' },
      text: 'ROW_FORMAT=COMPACT DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci',
    }),
  },
  'without indexes': { sql: plain({ bare: true }, { bare: true }) },
  'without protection_flow_executions': { sql: [flowsTable()], tables: ['protection_flows'] },
  'with declared names of indexes on other columns': {
    sql: [
      flowsTable(),
      executionsTable({
        bare: true,
        more: ['INDEX idx_status (execution_type)', 'INDEX idx_flow_executions (flow_id)', ownKey],
      }),
    ],
  },
  'with missing columns, and columns of other lengths and types': {
    sql: plain(
      {
        columns: {
          created_by: null,
          last_execution_id: null,
          id: 'VARCHAR(36) PRIMARY KEY',
          name: 'VARCHAR(100) NOT NULL UNIQUE',
          flow_type: "VARCHAR(20) NOT NULL DEFAULT 'backup'",
          destination_config: 'LONGTEXT',
          total_executions: 'BIGINT UNSIGNED DEFAULT 0',
          schedule_id: "VARCHAR(64) NOT NULL DEFAULT ''",
        },
        unchecked: true,
      },
      { columns: { flow_id: 'VARCHAR(36) NOT NULL', error_message: 'VARCHAR(500)' } },
    ),
    then: ['UPDATE protection_flows SET schedule_id = (SELECT MIN(id) FROM replication_schedules)'],
  },
};
