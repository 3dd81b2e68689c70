import type { Logger } from 'typeorm';
import type { NewFlow, ProtectionFlowsDataSource, Repositories } from '../../../src';
import type { MetricsOptions } from '../../../src/metrics';
import { loadShipped, loadShippedMetrics } from '../../support/shipped';
import type { Contestant, Done } from './contestant';

/** The repositories of the package as it is shipped. */
export class Ours implements Contestant {
  private constructor(
    private readonly dataSource: ProtectionFlowsDataSource,
    readonly repositories: Repositories,
  ) {}

  /**
   * @param logger gets every statement; not given when measuring
   * @param program default: the shipped one
   */
  static async connect(url: string, logger?: Logger, program = loadShipped()): Promise<Ours> {
    const { createDataSource, createRepositories } = program;
    const dataSource = createDataSource({ env: { DATABASE_URL: url } });
    if (logger) dataSource.setOptions({ logger, logging: ['query'] });
    await dataSource.initialize();
    return new Ours(dataSource, createRepositories(dataSource));
  }

  async get(id: string): Promise<(string | null)[]> {
    const flow = await this.repositories.flows.get(id);
    return [flow.name, flow.schedule_name, flow.repository_name, flow.policy_name, flow.target_name];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const { items } = await this.repositories.flows.list({}, { limit });
    return items.map((flow) => flow.target_name);
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    const { items } = await this.repositories.executions.history(flowId, { limit });
    return items.map((execution) => execution.id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const runs = await this.repositories.executions.latest([...flowIds]);
    return [...runs.values()].map(({ id }) => id).sort();
  }

  async start(flowId: string): Promise<string> {
    const input = { flow_id: flowId, execution_type: 'api', triggered_by: 'bench' } as const;
    return (await this.repositories.executions.start(input)).id;
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.repositories.executions.progress(executionId, {
      jobs_completed: jobs,
      bytes_transferred: bytes,
      execution_metadata: { phase: 'copying' },
    });
  }

  async finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const outcome = { status: 'success', jobs_completed: jobs, bytes_transferred: bytes } as const;
    if (!(await this.repositories.executions.finish(executionId, outcome)))
      throw new Error('was over already');
  }

  async setEnabled(flowId: string, enabled: boolean): Promise<void> {
    await (enabled ? this.repositories.flows.enable(flowId) : this.repositories.flows.disable(flowId));
  }

  async create(flow: NewFlow): Promise<string> {
    return (await this.repositories.flows.create(flow)).id;
  }

  async findRunningByJob(jobId: string): Promise<string | null> {
    return (await this.repositories.executions.findRunningByJob(jobId))?.id ?? null;
  }

  async claimDue(limit: number): Promise<string[]> {
    const { claimed } = await this.repositories.dueFlows.claimDue({ worker: 'bench', limit });
    return claimed.map(({ flow }) => flow.id);
  }

  scrape(options?: MetricsOptions): Promise<string> {
    return loadShippedMetrics().prometheusText(this.dataSource, options);
  }

  async release(): Promise<void> {
    await this.dataSource.destroy();
  }
}
