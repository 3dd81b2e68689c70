import { type Asked, count, declareArguments, id, optional, options } from '../../arguments';
import { silence } from './run-progress';
import { flowNotFound } from '../not-found';
import { historyIndex } from '../pages';
import {
  collatedAs,
  comparable,
  comparableText,
  withPlatformColumns,
  type PlatformColumns,
} from '../platform-columns';
import type { Session } from '../session';
import { withIndex } from '../statements';
import { jobPercent, hasJobs, isWholeJob, jobColumns, jobIn } from './job-states';

/** A backup of a VM under way. A value is null if the platform's release has no column for it. */
export interface MachineJob {
  readonly jobId: string;
  readonly phase: string | null;
  /** 0 to 100. */
  readonly percent: number | null;
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** Null: no telemetry yet. */
  readonly stalled: boolean | null;
}

/** A VM that a flow protects, and its backups in the flow's newest runs. */
export interface Machine {
  readonly context_id: string;
  readonly vm_name: string;
  /** The number of backups, including those under way. */
  readonly backups: number;
  readonly successful: number;
  readonly failed: number;
  readonly bytesTransferred: number;
  /** When the last successful backup ended; null: none has. */
  readonly lastSuccessAt: Date | null;
  /** The average duration of successful backups, in seconds. */
  readonly averageSeconds: number | null;
  /** The backup under way, or null. */
  readonly running: MachineJob | null;
}

type Sums = 'backups' | 'successful' | 'failed' | 'bytes' | 'average_seconds';

interface Row extends Readonly<Record<Sums, string | number | null>> {
  readonly context_id: string;
  readonly vm_name: string;
  readonly last_success_at: Date | null;
  readonly job_id: string | null;
}

/** SQL for the VMs of a flow: its target VM, or the enabled members of its target group with their priority. */
function targetSql(columns: PlatformColumns): string {
  const vm = `SELECT v.context_id, v.vm_name, 0 AS priority, '' AS member FROM protection_flows f
    JOIN vm_replication_contexts v ON v.context_id = ${comparable(columns, 'target_id', 'vm_replication_contexts.context_id')}
   WHERE f.id = ? AND f.target_type = 'vm'`;
  if (!columns.has('vm_group_memberships.group_id')) return vm;
  return `${vm} UNION ALL
  SELECT v.context_id, v.vm_name, COALESCE(m.priority, 0), m.id FROM protection_flows f
    JOIN vm_group_memberships m ON m.group_id = ${comparable(columns, 'target_id', 'vm_group_memberships.group_id')}
    JOIN vm_replication_contexts v ON v.context_id = m.vm_context_id
   WHERE f.id = ? AND f.target_type = 'group' AND COALESCE(m.enabled, 1) = 1`;
}

/** SQL for the backups of each VM in the flow's newest runs, and the id of a backup under way. */
function jobsSql(columns: PlatformColumns, hint: string): string {
  const id = `id ${comparableText(columns, 'backup_jobs.id', 512)} PATH '$'`;
  const vm = collatedAs(
    columns,
    'b.vm_context_id',
    'backup_jobs.vm_context_id',
    'vm_replication_contexts.context_id',
  );
  const whenDone = (sql: string): string => `IF(b.status = 'completed', ${sql}, NULL)`;
  return `SELECT ${vm} AS vm_context_id, COUNT(*) AS backups,
         SUM(b.status = 'completed') AS successful, SUM(b.status = 'failed') AS failed,
         SUM(b.bytes_transferred) AS bytes, MAX(${whenDone('b.completed_at')}) AS last_success_at,
         AVG(${whenDone('TIMESTAMPDIFF(SECOND, COALESCE(b.started_at, b.created_at), b.completed_at)')}) AS average_seconds,
         MAX(IF(r.status = 'running' AND b.status = 'running', b.id, NULL)) AS job_id
    FROM (SELECT e.status, e.created_job_ids FROM protection_flow_executions e ${hint}
           WHERE e.flow_id = ? ORDER BY e.created_at DESC, e.id DESC LIMIT ?) r
    JOIN JSON_TABLE(r.created_job_ids, '$[*]' COLUMNS (${id})) j
    JOIN backup_jobs b ON b.id = j.id
   WHERE ${isWholeJob} GROUP BY 1`;
}

function machineJob(row: Row, stalledAfterMs: number): MachineJob | null {
  const job = jobIn({ ...row });
  if (job === null || !row.job_id) return null;
  const { phase, bytesPerSecond, etaSeconds, silentSeconds } = job;
  const stalled = silentSeconds === null ? null : silentSeconds * 1000 > stalledAfterMs;
  const eta = stalled ? null : etaSeconds;
  return { jobId: row.job_id, phase, percent: jobPercent(job), bytesPerSecond, etaSeconds: eta, stalled };
}

const machineOf = (row: Row, stalledAfterMs: number): Machine => ({
  context_id: row.context_id,
  vm_name: row.vm_name,
  backups: Number(row.backups ?? 0),
  successful: Number(row.successful ?? 0),
  failed: Number(row.failed ?? 0),
  bytesTransferred: Number(row.bytes ?? 0),
  lastSuccessAt: row.last_success_at ?? null,
  averageSeconds: (row.average_seconds ?? null) === null ? null : Math.round(Number(row.average_seconds)),
  running: machineJob(row, stalledAfterMs),
});

const asked = declareArguments('machines', {
  flowId: id,
  options: options({ runs: optional(count({ min: 1, max: 1_000 }), 100), stalledAfterMs: silence }),
});

/**
 * Reads the VMs of a flow with their backups, in one query. It reads only the newest runs, so its time does not grow with
 * the history.
 *
 * @throws FLOW_NOT_FOUND
 */
export async function readMachines(session: Session, given: Asked<typeof asked>): Promise<Machine[]> {
  const { flowId, options } = asked(given);
  const rows = await withPlatformColumns(session, async (columns) => {
    if (!columns.has('vm_replication_contexts.context_id')) return [];
    const targets = targetSql(columns);
    const ofTargets = targets.match(/\?/g)!.map(() => flowId);
    const sqlWith = (names: string, joins: string): string =>
      `SELECT t.context_id, t.vm_name${names} FROM (${targets}) t ${joins} ORDER BY t.priority, t.member`;
    if (!hasJobs(columns)) return session.select<Row>(sqlWith('', ''), ofTargets);
    const joins = (
      hint: string,
    ): string => `LEFT JOIN (${jobsSql(columns, hint)}) o ON o.vm_context_id = t.context_id
        LEFT JOIN backup_jobs b ON b.id = o.job_id`;
    return withIndex<Row>(
      session,
      historyIndex,
      (hint) => sqlWith(`, o.*${jobColumns(columns)}`, joins(hint)),
      [...ofTargets, flowId, options.runs],
    );
  });
  if (rows.length === 0) {
    const flows = await session.select('SELECT id FROM protection_flows WHERE id = ?', [flowId]);
    if (flows.length === 0) throw flowNotFound(flowId);
  }
  return rows.map((row) => machineOf(row, options.stalledAfterMs));
}
