/** How hand-made tables differ from the platform's own SQL. */
export interface DdlOptions {
  /** The charset and further options after the engine; '' for the database's default charset. */
  readonly text?: string;
  /** Definitions that replace the platform's, by column; null leaves the column out. */
  readonly columns?: Readonly<Record<string, string | null>>;
  /** True leaves out the platform's own indexes. */
  readonly bare?: boolean;
  /** Further lines: columns, indexes, keys, CHECKs. */
  readonly more?: readonly string[];
  /** True leaves out the unnamed CHECK. */
  readonly unchecked?: boolean;
  readonly engine?: string;
}

const unicode = 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';

type Lines = Readonly<Record<string, string>>;

const flowColumns: Lines = {
  id: 'VARCHAR(64) PRIMARY KEY DEFAULT (UUID())',
  name: 'VARCHAR(255) NOT NULL UNIQUE',
  description: 'TEXT',
  flow_type: "ENUM('backup', 'replication') NOT NULL",
  target_type: "ENUM('vm', 'group') NOT NULL",
  target_id: 'VARCHAR(64) NOT NULL',
  repository_id: 'VARCHAR(64)',
  policy_id: 'VARCHAR(64)',
  destination_type: "ENUM('ossea', 'vmware', 'hyperv')",
  destination_config: 'JSON',
  schedule_id: 'VARCHAR(64)',
  enabled: 'BOOLEAN DEFAULT TRUE',
  last_execution_id: 'VARCHAR(64)',
  last_execution_status: "ENUM('success', 'warning', 'error', 'running', 'pending') DEFAULT 'pending'",
  last_execution_time: 'TIMESTAMP NULL',
  next_execution_time: 'TIMESTAMP NULL',
  total_executions: 'INT DEFAULT 0',
  successful_executions: 'INT DEFAULT 0',
  failed_executions: 'INT DEFAULT 0',
  created_at: 'TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP',
  updated_at: 'TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
  created_by: "VARCHAR(255) DEFAULT 'system'",
};

const flowIndexes = [
  'INDEX idx_flow_type (flow_type)',
  'INDEX idx_target (target_type, target_id)',
  'INDEX idx_enabled (enabled)',
  'INDEX idx_schedule (schedule_id)',
  'INDEX idx_last_execution (last_execution_time)',
];

/** The unnamed CHECK of the platform's SQL. */
export const flowCheck =
  "CHECK ((flow_type = 'backup' AND repository_id IS NOT NULL) OR (flow_type = 'replication' AND destination_type IS NOT NULL))";

const executionColumns: Lines = {
  id: 'VARCHAR(64) PRIMARY KEY DEFAULT (UUID())',
  flow_id: 'VARCHAR(64) NOT NULL',
  status: "ENUM('pending', 'running', 'success', 'warning', 'error', 'cancelled') DEFAULT 'pending'",
  execution_type: "ENUM('scheduled', 'manual', 'api') NOT NULL",
  jobs_created: 'INT DEFAULT 0',
  jobs_completed: 'INT DEFAULT 0',
  jobs_failed: 'INT DEFAULT 0',
  jobs_skipped: 'INT DEFAULT 0',
  started_at: 'TIMESTAMP NULL',
  completed_at: 'TIMESTAMP NULL',
  execution_time_seconds: 'INT',
  vms_processed: 'INT DEFAULT 0',
  bytes_transferred: 'BIGINT DEFAULT 0',
  error_message: 'TEXT',
  execution_metadata: 'JSON',
  created_job_ids: 'JSON',
  schedule_execution_id: 'VARCHAR(64)',
  created_at: 'TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP',
  triggered_by: "VARCHAR(255) DEFAULT 'system'",
};

const executionIndexes = [
  'INDEX idx_flow_executions (flow_id, started_at DESC)',
  'INDEX idx_status (status)',
  'INDEX idx_execution_time (started_at)',
];

function createTable(
  name: string,
  columns: Lines,
  lines: readonly string[],
  { columns: others = {}, more = [], text = unicode, engine = 'InnoDB' }: DdlOptions,
): string {
  const defined = Object.entries({ ...columns, ...others }).flatMap(([column, definition]) =>
    definition === null ? [] : [`${column} ${definition}`],
  );
  return `CREATE TABLE ${name} (\n  ${[...defined, ...lines, ...more].join(',\n  ')}\n) ENGINE=${engine} ${text}`;
}

/** protection_flows as people make it from the platform's SQL. */
export const flowsTable = (options: DdlOptions = {}): string =>
  createTable(
    'protection_flows',
    flowColumns,
    [...(options.bare ? [] : flowIndexes), ...(options.unchecked ? [] : [flowCheck])],
    options,
  );

/** protection_flow_executions as people make it from the platform's SQL, without fk_executions_flow. */
export const executionsTable = (options: DdlOptions = {}): string =>
  createTable('protection_flow_executions', executionColumns, options.bare ? [] : executionIndexes, options);

/** The key that the platform's SQL has in the table. */
export const ownKey =
  'CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE';

/** Both tables, with the key. */
export const plain = (flows: DdlOptions = {}, executions: DdlOptions = {}): string[] => [
  flowsTable(flows),
  executionsTable({ ...executions, more: [ownKey, ...(executions.more ?? [])] }),
];
