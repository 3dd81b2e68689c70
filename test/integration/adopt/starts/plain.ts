import { executionsTable, flowsTable, ownKey, plain } from '../platform-ddl';
import type { Start } from '../start';

/** From the platform's SQL as it stands, with one thing or another left out. */
export const plainStarts: Record<string, Start> = {
  "the platform's own SQL": { sql: plain() },
  "the platform's own SQL, NULL in the rows": { sql: plain(), nulls: true },
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
  'in rows in which no name fits into an index': {
    sql: plain({
      columns: { name: 'VARCHAR(255) NOT NULL' },
      text: 'ROW_FORMAT=COMPACT DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci',
    }),
  },
  'without indexes': { sql: plain({ bare: true }, { bare: true }) },
  'only the flows': { sql: [flowsTable()], tables: ['protection_flows'] },
  'with an index of our name over other columns': {
    sql: [
      flowsTable(),
      executionsTable({
        bare: true,
        more: ['INDEX idx_status (execution_type)', 'INDEX idx_flow_executions (flow_id)', ownKey],
      }),
    ],
  },
  'with fewer columns, some of other lengths and kinds': {
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
