import { executionsTable, flowsTable } from '../../integration/adopt/platform-ddl';
import type { Start } from '../../integration/adopt/start';

const text = 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci';

/** Needs every kind of repair: rows to fill, columns, indexes, a CHECK, a key to drop, keys to replace and to add. */
export const handMadeStart: Start = {
  platform: 'general_ci',
  nulls: true,
  sql: [
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
    flowsTable({
      text,
      bare: true,
      columns: { created_by: null, next_execution_time: "TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00'" },
      more: ['CONSTRAINT its_schedule FOREIGN KEY (schedule_id) REFERENCES replication_schedules (id)'],
    }),
    executionsTable({
      text,
      more: ['CONSTRAINT its_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE'],
    }),
  ],
  without: ['created_by'],
};
