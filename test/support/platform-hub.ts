import type { DatabaseSettings } from '../../src/testing/connection-url';
import { HubSession, type HubZone } from './platform-hub-session';

/**
 * Work of the hub that pauses wherever the real hub does not use the database for a while. Each `next()` continues up to the next
 * pause. It yields the id of the run that it works on.
 */
export type HubWork = AsyncGenerator<string, void, void>;

/** The statistics of a flow as the hub writes them: always all of them, computed from its last read. */
interface Statistics {
  readonly last_execution_id: string | null;
  readonly last_execution_status: string;
  readonly last_execution_time: Date | null;
  readonly total_executions: number;
  readonly successful_executions: number;
  readonly failed_executions: number;
}

interface FlowOfHub extends Statistics {
  readonly id: string;
}

interface RunOfHub {
  readonly id: string;
  readonly flow_id: string;
  readonly started_at: Date | null;
  readonly created_job_ids: string[] | string | null;
}

/** The results of the jobs that the hub requested at a start. */
export interface RequestedJobs {
  /** The jobs that were started. */
  readonly jobs?: readonly string[];
  /** How many jobs could not be started. With one or more the run ends at once. */
  readonly failing?: number;
  /** How many machines are unknown. */
  readonly skipped?: number;
  readonly execution_type?: 'manual' | 'scheduled';
}

/** How many jobs of a run the hub's monitor reads. */
const jobsSeen = 5;
/** After how many seconds without telemetry the hub considers a job dead. */
const telemetrySeconds = 300;

const parsed = (ids: RunOfHub['created_job_ids']): readonly string[] =>
  (typeof ids === 'string' ? (JSON.parse(ids) as string[] | null) : ids) ?? [];

/** Does work without pauses; returns the id of the last run that it worked on. */
export async function toItsEnd(work: HubWork): Promise<string> {
  let run = '';
  for await (const id of work) run = id;
  return run;
}

/**
 * The platform's hub, as far as it writes the two tables. It sends the same statements in the same order, and their WHERE checks no
 * state. It reads statistics and later writes absolute values. It records refused statements and continues, as the hub logs them.
 */
export class PlatformHub {
  private constructor(private readonly session: HubSession) {}

  /** @param zone the time zone in which the hub writes and reads times */
  static async connect(settings: DatabaseSettings, zone: HubZone): Promise<PlatformHub> {
    return new PlatformHub(await HubSession.open(settings, zone));
  }

  /** The errors of refused statements so far. */
  get refused(): readonly Error[] {
    return this.session.refused;
  }

  close(): void {
    this.session.close();
  }

  /** Makes a flow, and returns its id; null if the server refuses. */
  createFlow(columns: Readonly<Record<string, unknown>> & { readonly name: string }): Promise<string | null> {
    return this.session.attempt(() =>
      this.session.insert(
        'protection_flows',
        {
          description: null,
          flow_type: 'replication',
          target_type: 'vm',
          target_id: 'ctx-web',
          repository_id: null,
          policy_id: null,
          destination_type: 'ossea',
          destination_config: null,
          schedule_id: null,
          enabled: true,
          last_execution_id: null,
          last_execution_status: 'pending',
          last_execution_time: null,
          next_execution_time: null,
          total_executions: 0,
          successful_executions: 0,
          failed_executions: 0,
          created_at: new Date(),
          updated_at: new Date(),
          created_by: 'system',
          ...columns,
        },
        'name = ?',
        [columns.name],
      ),
    );
  }

  /** Writes columns of a flow, as the flow's page sends them. */
  async editFlow(id: string, columns: Readonly<Record<string, unknown>>): Promise<void> {
    await this.session.update('protection_flows', id, { ...columns, updated_at: new Date() });
  }

  async deleteFlow(id: string): Promise<void> {
    await this.session.write('DELETE FROM `protection_flows` WHERE id = ?', [id]);
  }

  /** Begins a run. Pauses while it requests jobs, and before it writes the flow's statistics. */
  async *start(flowId: string, requested: RequestedJobs = {}): HubWork {
    const { jobs = [], failing = 0, skipped = 0, execution_type = 'manual' } = requested;
    // The hub reads the flow first, and writes it back at the very end
    const flow = await this.readFlow(flowId);
    if (flow === undefined) return;
    const startedAt = new Date();
    const id = await this.session.attempt(() => this.insertRun(flowId, execution_type, startedAt));
    if (id === null) return;
    yield id;
    const counts = {
      jobs_created: jobs.length,
      jobs_completed: 0,
      jobs_failed: failing,
      jobs_skipped: skipped,
      vms_processed: jobs.length + failing + skipped,
    };
    const ended = failing > 0 ? new Date() : null;
    const status = ended === null ? 'running' : 'error';
    await this.session.update(
      'protection_flow_executions',
      id,
      ended === null
        ? { created_job_ids: jobs.length === 0 ? null : JSON.stringify(jobs), ...counts, status }
        : {
            bytes_transferred: 0,
            completed_at: ended,
            error_message: `${failing} of ${counts.vms_processed} backups failed to start`,
            execution_time_seconds: secondsBetween(startedAt, ended),
            ...counts,
            status,
          },
    );
    yield id;
    await this.writeStatistics(flowId, {
      last_execution_id: id,
      last_execution_status: status,
      last_execution_time: ended,
      total_executions: flow.total_executions + 1,
      successful_executions: flow.successful_executions,
      failed_executions: flow.failed_executions + (ended === null ? 0 : 1),
    });
  }

  /**
   * One round of the monitor. It ends every running run, also one of another program, if none of its first jobs is under way. It
   * pauses before it ends a run, before it reads the flow's statistics, and before it writes them.
   */
  async *monitor(): HubWork {
    const running = await this.session.select<RunOfHub>(
      "SELECT * FROM `protection_flow_executions` WHERE status = 'running'",
    );
    for (const run of running) {
      const { found, completed, failed } = await this.countJobs(
        parsed(run.created_job_ids).slice(0, jobsSeen),
      );
      if (completed + failed < found) continue;
      const status = failed === 0 ? 'success' : completed === 0 ? 'error' : 'warning';
      yield run.id;
      const completedAt = new Date();
      await this.session.update('protection_flow_executions', run.id, {
        completed_at: completedAt,
        execution_time_seconds: secondsBetween(run.started_at ?? completedAt, completedAt),
        jobs_completed: completed,
        jobs_failed: failed,
        status,
      });
      yield run.id;
      const flow = await this.readFlow(run.flow_id);
      if (flow === undefined) continue;
      yield run.id;
      await this.writeStatistics(run.flow_id, {
        last_execution_id: run.id,
        last_execution_status: status,
        last_execution_time: completedAt,
        total_executions: flow.total_executions,
        successful_executions: flow.successful_executions + (status === 'success' ? 1 : 0),
        failed_executions: flow.failed_executions + (status === 'error' ? 1 : 0),
      });
    }
  }

  /** Fails the jobs without recent telemetry, without a message to anybody. Needs the newer columns of `backup_jobs`. */
  async detectDeadJobs(): Promise<void> {
    await this.session.write(
      `UPDATE backup_jobs SET status = 'failed', error_message = 'no telemetry', completed_at = NOW()
        WHERE status = 'running' AND last_telemetry_at < NOW() - INTERVAL ${telemetrySeconds} SECOND`,
    );
  }

  private async countJobs(
    ids: readonly string[],
  ): Promise<{ found: number; completed: number; failed: number }> {
    if (ids.length === 0) return { found: 0, completed: 0, failed: 0 };
    const rows = await this.session.select<{ status: string }>(
      'SELECT status FROM `backup_jobs` WHERE id IN (?)',
      [ids],
    );
    const having = (status: string): number => rows.filter((row) => row.status === status).length;
    return { found: rows.length, completed: having('completed'), failed: having('failed') };
  }

  private async readFlow(id: string): Promise<FlowOfHub | undefined> {
    const [flow] = await this.session.select<FlowOfHub>(
      'SELECT * FROM `protection_flows` WHERE id = ? ORDER BY `protection_flows`.`id` LIMIT 1',
      [id],
    );
    return flow;
  }

  private insertRun(flow_id: string, execution_type: string, startedAt: Date): Promise<string> {
    const row = {
      flow_id,
      status: 'running',
      execution_type,
      jobs_created: 0,
      jobs_completed: 0,
      jobs_failed: 0,
      jobs_skipped: 0,
      started_at: startedAt,
      completed_at: null,
      execution_time_seconds: 0,
      vms_processed: 0,
      bytes_transferred: 0,
      error_message: null,
      execution_metadata: null,
      created_job_ids: null,
      schedule_execution_id: null,
      created_at: startedAt,
      triggered_by: 'system',
    };
    return this.session.insert('protection_flow_executions', row, 'flow_id = ?', [flow_id]);
  }

  private writeStatistics(flowId: string, statistics: Statistics): Promise<void> {
    return this.editFlow(flowId, { ...statistics });
  }
}

const secondsBetween = (from: Date, to: Date): number => Math.floor((to.getTime() - from.getTime()) / 1_000);
