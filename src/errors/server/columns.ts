/** Table → what the errors of its rows call it. Rows of other tables are no business of this package. */
export const entityOf: Readonly<Record<string, string>> = {
  protection_flows: 'ProtectionFlow',
  protection_flow_executions: 'ProtectionFlowExecution',
};

function each(rule: string, columns: string): Record<string, string> {
  return Object.fromEntries(columns.split(' ').map((column) => [column, rule]));
}

/**
 * Column → the rule that a value of the wrong kind breaks, by the name that the validators give it. A column that is not
 * here holds text. Literals, as this folder imports nothing; a test holds them against the entities.
 */
export const ruleOf: Readonly<Record<string, string>> = {
  ...each('isIn', 'flow_type target_type destination_type last_execution_status status execution_type'),
  ...each('isDate', 'last_execution_time next_execution_time created_at updated_at started_at completed_at'),
  ...each('isInt', 'total_executions successful_executions failed_executions'),
  ...each('isInt', 'jobs_created jobs_completed jobs_failed jobs_skipped vms_processed'),
  ...each('isInt', 'execution_time_seconds bytes_transferred'),
  ...each('isJson', 'destination_config execution_metadata created_job_ids'),
  ...each('isBoolean', 'enabled'),
};
