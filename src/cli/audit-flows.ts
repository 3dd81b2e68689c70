import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { whereOf, type Where } from '../engine/migrate/results';
import { Session } from '../repositories/session';
import { DueFlowRepository, type AuditedFlow, type AuditFinding } from '../repositories';

/** Options of {@link auditFlows}. */
export interface AuditFlowsOptions {
  /** How many milliseconds ago the window begins, by the server's clock. */
  readonly sinceMs: number;
  /** How many milliseconds ago it ends. Default: 0, now. */
  readonly untilMs?: number;
  /** Default: all flows. */
  readonly flowId?: string;
  /** A run is late when it begins more than this many milliseconds after its time. Default: 1 minute. */
  readonly lateAfterMs?: number;
  /** Called after every page of flows, with the number of flows read so far. */
  readonly onProgress?: (flows: number) => void;
}

/** What an audit found, as `audit --json` prints it. */
export interface AuditReport extends Where {
  /** False where a run was missed. */
  readonly ok: boolean;
  readonly since: Date;
  readonly until: Date;
  /** Counts runs; `unknown` counts spans of time. */
  readonly totals: Readonly<Record<AuditFinding, number>>;
  readonly flows: readonly AuditedFlow[];
}

/**
 * Audits the flows, page by page.
 *
 * @throws ProtectionFlowsError FLOW_NOT_FOUND; MIGRATION_PENDING where a table is missing; CONNECTION_LOST, PRIVILEGE_MISSING
 */
export async function auditFlows(
  dataSource: ProtectionFlowsDataSource,
  { sinceMs, untilMs = 0, flowId, lateAfterMs, onProgress }: AuditFlowsOptions,
): Promise<AuditReport> {
  const now = await new Session(dataSource.manager).now();
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const window = { since: ago(sinceMs), until: ago(untilMs) };
  const totals = { 'on-time': 0, late: 0, skipped: 0, missed: 0, unknown: 0 };
  const dueFlows = new DueFlowRepository(dataSource.manager);
  const flows: AuditedFlow[] = [];
  for (let after: string | null | undefined; after !== null;) {
    const page = await dueFlows.audit({ ...window, flow_id: flowId, lateAfterMs, after });
    for (const { finding, runs } of page.flows.flatMap((flow) => flow.runs))
      totals[finding] += finding === 'unknown' ? 1 : runs;
    flows.push(...page.flows);
    after = page.next;
    onProgress?.(flows.length);
  }
  return { ok: totals.missed === 0, ...whereOf(dataSource), ...window, totals, flows };
}
