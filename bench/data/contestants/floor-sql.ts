/** The statements of the floor, by hand; `statements.ts` compares them with those that this package sends. */

const columnsOf = (alias: string, names: string): string =>
  names
    .split(' ')
    .map((name) => `${alias}.${name}`)
    .join(', ');

const flow = columnsOf(
  'f',
  'id name description flow_type target_type target_id repository_id policy_id destination_type destination_config schedule_id enabled last_execution_id last_execution_status last_execution_time next_execution_time total_executions successful_executions failed_executions created_at updated_at created_by',
);

/** The columns of an execution, with the table's alias. */
export const executionColumns = columnsOf(
  'e',
  'id flow_id status execution_type jobs_created jobs_completed jobs_failed jobs_skipped started_at completed_at execution_time_seconds vms_processed bytes_transferred error_message execution_metadata created_job_ids schedule_execution_id created_at triggered_by',
);

const names = `s.name AS schedule_name, s.cron_expression AS schedule_cron, r.name AS repository_name, p.name AS policy_name,
  v.vm_name AS vm_name, g.name AS group_name`;

const joins = `LEFT JOIN replication_schedules s ON s.id = f.schedule_id
  LEFT JOIN backup_repositories r ON r.id = f.repository_id
  LEFT JOIN backup_policies p ON p.id = f.policy_id
  LEFT JOIN vm_replication_contexts v ON f.target_type = 'vm' AND v.context_id = f.target_id COLLATE utf8mb4_general_ci
  LEFT JOIN vm_machine_groups g ON f.target_type = 'group' AND g.id = f.target_id COLLATE utf8mb4_general_ci`;

const heartbeat = `DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')`;
const speaks = `(f.last_execution_id <=> e.id OR (e.started_at IS NULL AND f.last_execution_status <> 'running'))`;

const marks = (count: number, mark = '?'): string => Array.from({ length: count }, () => mark).join(', ');
const cases = (count: number): string => Array.from({ length: count }, () => 'WHEN ? THEN ?').join(' ');

const insertFlow = `INSERT INTO protection_flows (name, flow_type, target_type, target_id, repository_id, policy_id, schedule_id, id, next_execution_time) VALUES (${marks(9)})`;

export const sql = {
  get: `SELECT ${flow}, ${names} FROM protection_flows f ${joins} WHERE f.id = ?`,
  list: `SELECT ${flow}, ${names} FROM protection_flows f FORCE INDEX (idx_flows_created) ${joins} ORDER BY f.created_at DESC, f.id DESC LIMIT ?`,
  history: `SELECT ${executionColumns} FROM protection_flow_executions e FORCE INDEX (idx_executions_history) WHERE e.flow_id = ? ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
  lockFlow: 'SELECT id, CURRENT_TIMESTAMP AS at FROM protection_flows WHERE id = ? FOR UPDATE',
  running: `SELECT id FROM protection_flow_executions WHERE flow_id = ? AND status = 'running' LIMIT 1`,
  insertRun:
    'INSERT INTO protection_flow_executions (id, flow_id, execution_type, triggered_by, schedule_execution_id, execution_metadata, status, started_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  showRun: `UPDATE protection_flows SET total_executions = total_executions + 1, last_execution_id = ?, last_execution_status = 'running', last_execution_time = ? WHERE id = ?`,
  progress: `UPDATE protection_flow_executions e SET e.jobs_completed = GREATEST(e.jobs_completed, ?),
    e.bytes_transferred = GREATEST(e.bytes_transferred, ?),
    e.execution_metadata = JSON_SET(JSON_MERGE_PATCH(IF(JSON_TYPE(e.execution_metadata) = 'OBJECT', e.execution_metadata, '{}'), ?), '$.heartbeat_at', ${heartbeat})
    WHERE e.id = ? AND e.status = 'running'`,
  finish: `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
    SET e.status = ?, e.completed_at = CURRENT_TIMESTAMP,
    e.execution_time_seconds = GREATEST(0, TIMESTAMPDIFF(SECOND, e.started_at, CURRENT_TIMESTAMP)),
    e.jobs_completed = GREATEST(e.jobs_completed, ?), e.bytes_transferred = GREATEST(e.bytes_transferred, ?),
    f.successful_executions = f.successful_executions + (e.started_at IS NOT NULL),
    f.last_execution_status = IF(${speaks}, ?, f.last_execution_status),
    f.last_execution_time = IF(${speaks}, CURRENT_TIMESTAMP, f.last_execution_time),
    f.last_execution_id = IF(${speaks}, e.id, f.last_execution_id)
    WHERE e.id = ? AND e.status IN (?)`,
  times: 'SELECT schedule_id, enabled, CURRENT_TIMESTAMP AS now FROM protection_flows WHERE id = ?',
  setEnabled: `UPDATE protection_flows
    SET next_execution_time = IF(schedule_id <=> ? AND enabled = ?, next_execution_time, ?), enabled = ?
    WHERE id = ? AND schedule_id <=> ? AND enabled = ?`,
  schedules: (count: number): string =>
    `SELECT s.*, CURRENT_TIMESTAMP AS read_at FROM replication_schedules s WHERE s.id IN (${marks(count)})`,
  insertFlow,
  insertFlowReturning: `${insertFlow} RETURNING ${flow.replaceAll('f.', 'protection_flows.')}`,
  readFlow: `SELECT ${flow} FROM protection_flows f WHERE f.id = ?`,
  runningByJob: `SELECT ${executionColumns} FROM protection_flow_executions e WHERE e.status = 'running' AND JSON_CONTAINS(e.created_job_ids, ?) ORDER BY e.created_at DESC, e.id DESC LIMIT 1`,
  lockDue: `SELECT ${flow}, CURRENT_TIMESTAMP AS at FROM protection_flows f WHERE f.enabled = 1 AND f.next_execution_time <= CURRENT_TIMESTAMP
    ORDER BY f.next_execution_time, f.id LIMIT ? FOR UPDATE SKIP LOCKED`,
  active: (count: number): string =>
    `SELECT DISTINCT flow_id, status FROM protection_flow_executions WHERE flow_id IN (${marks(count)}) AND status IN ('pending', 'running')`,
  paused: (count: number): string =>
    `SELECT p.flow_id FROM sendense_flow_pauses p WHERE p.flow_id IN (${marks(count)}) AND p.paused_at IS NOT NULL AND (p.until_at IS NULL OR p.until_at > ?)`,
  insertRuns: (count: number): string =>
    `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, created_at, triggered_by, execution_metadata)
     VALUES ${marks(count, `(${marks(8)})`)}`,
  /** All of them begin a run. */
  advance: (schedules: number, count: number): string =>
    `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET f.next_execution_time = CASE f.schedule_id ${cases(schedules)} END, f.total_executions = f.total_executions + 1, f.last_execution_id = e.id,
            f.last_execution_time = e.started_at, f.last_execution_status = 'running'
      WHERE e.id IN (${marks(count)})`,
  planned: 'SELECT id, schedule_id, enabled, next_execution_time FROM protection_flows WHERE id = ?',
  holdFlow: 'SELECT id FROM protection_flows WHERE id IN (?) ORDER BY id LOCK IN SHARE MODE',
  keepTimetable: `INSERT INTO sendense_flow_timetables (flow_id, from_at, state, schedule_id, cron_expression, timezone) VALUES (${marks(6)})
    ON DUPLICATE KEY UPDATE state = VALUES(state), schedule_id = VALUES(schedule_id), cron_expression = VALUES(cron_expression), timezone = VALUES(timezone)`,
  timetables: (count: number): string =>
    Array.from(
      { length: count },
      () => '(SELECT * FROM sendense_flow_timetables WHERE flow_id = ? ORDER BY from_at DESC LIMIT 1 )',
    ).join(' UNION ALL '),
} as const;
