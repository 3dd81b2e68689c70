import { createRepositories, type AuditedRuns } from '../repositories';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';

const dayMs = 86_400_000;

/** What the page shows of one flow that somebody opens. */
export interface FlowDetail {
  readonly runs: readonly object[];
  /** What of its last day was not on time. */
  readonly audit: readonly AuditedRuns[];
}

/** @throws FLOW_NOT_FOUND, MIGRATION_PENDING, VALIDATION_FAILED */
export async function readFlow(dataSource: ProtectionFlowsDataSource, id: string): Promise<FlowDetail> {
  const { executions, dueFlows } = createRepositories(dataSource);
  const audit = await dueFlows.audit({ since: new Date(Date.now() - dayMs), flow_id: id });
  const { items } = await executions.history(audit.flows[0]!.id, { limit: 20 });
  return {
    runs: items.map((run) => ({
      id: run.id,
      status: run.status,
      type: run.execution_type,
      by: run.triggered_by,
      at: run.started_at ?? run.created_at,
      seconds: run.execution_time_seconds,
      bytes: run.bytes_transferred,
      error: run.error_message,
    })),
    audit: audit.flows[0]!.runs.filter(({ finding }) => finding !== 'on-time').slice(-20),
  };
}
