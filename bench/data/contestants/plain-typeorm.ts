import { DataSource, In, LessThanOrEqual, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { NewFlow, ProtectionFlow, ProtectionFlowExecution } from '../../../src';
import { loadShipped } from '../../support/shipped';
import type { Contestant, Done } from './contestant';

const shipped = loadShipped();
const names = { schedule: true, repository: true, policy: true } as const;

/**
 * TypeORM as its documentation shows it, with the same entities on a plain DataSource: `find` with relations, `skip`
 * and `take`; changes load an entity, set its properties and `save()` it. This package's guarantees do not hold here:
 * another program may change a row between its reading and its saving, and a run and its flow are saved in two
 * transactions.
 */
export class PlainTypeOrm implements Contestant {
  /** @param manager a DataSource's, or that of a transaction */
  constructor(protected readonly manager: EntityManager) {}

  static async connect(url: string, type: 'mariadb' | 'mysql'): Promise<PlainTypeOrm> {
    return new PlainTypeOrm((await plainDataSource(url, type)).manager);
  }

  async get(id: string): Promise<(string | null)[]> {
    const flow = await this.manager.findOneOrFail(shipped.ProtectionFlow, {
      where: { id },
      relations: names,
    });
    const [target] = await this.targets([flow]);
    return [
      flow.name,
      flow.schedule?.name ?? null,
      flow.repository?.name ?? null,
      flow.policy?.name ?? null,
      target ?? null,
    ];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const flows = await this.manager.find(shipped.ProtectionFlow, {
      relations: names,
      order: { created_at: 'DESC', id: 'DESC' },
      skip: 0,
      take: limit,
    });
    return this.targets(flows);
  }

  async history(flowId: string, limit: number, page = 0): Promise<string[]> {
    const runs = await this.manager.find(shipped.ProtectionFlowExecution, {
      where: { flow_id: flowId },
      order: { created_at: 'DESC', id: 'DESC' },
      skip: page * limit,
      take: limit,
    });
    return runs.map((run) => run.id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const runs = await this.manager
      .createQueryBuilder(shipped.ProtectionFlowExecution, 'run')
      .innerJoin(
        (query) =>
          query
            .select('one.flow_id', 'flow_id')
            .addSelect('MAX(one.created_at)', 'newest')
            .from(shipped.ProtectionFlowExecution, 'one')
            .where('one.flow_id IN (:...flowIds)', { flowIds })
            .groupBy('one.flow_id'),
        'last',
        'last.flow_id = run.flow_id AND last.newest = run.created_at',
      )
      .orderBy('run.id', 'ASC')
      .getMany();
    // Of several in the same second the last one is the newest
    return [...new Map(runs.map((run) => [run.flow_id, run.id])).values()].sort();
  }

  async start(flowId: string): Promise<string> {
    const flow = await this.manager.findOneByOrFail(shipped.ProtectionFlow, { id: flowId });
    const isRunning = await this.manager.existsBy(shipped.ProtectionFlowExecution, {
      flow_id: flowId,
      status: 'running',
    });
    if (isRunning) throw new Error(`${flowId} still runs`);
    const run = await this.manager.save(
      this.manager.create(shipped.ProtectionFlowExecution, {
        id: uuidv7(),
        flow_id: flowId,
        execution_type: 'api',
        triggered_by: 'bench',
        status: 'running',
        started_at: new Date(),
      }),
    );
    flow.total_executions += 1;
    await this.manager.save(Object.assign(flow, lastRun(run)));
    return run.id;
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const run = await this.runUnderWay(executionId);
    run.jobs_completed = Math.max(run.jobs_completed, jobs);
    run.bytes_transferred = Math.max(run.bytes_transferred, bytes);
    run.execution_metadata = {
      ...run.execution_metadata,
      phase: 'copying',
      heartbeat_at: new Date().toISOString(),
    };
    await this.manager.save(run);
  }

  async finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const run = await this.runUnderWay(executionId);
    run.status = 'success';
    run.completed_at = new Date();
    run.execution_time_seconds = Math.round((Date.now() - (run.started_at?.getTime() ?? 0)) / 1000);
    run.jobs_completed = Math.max(run.jobs_completed, jobs);
    run.bytes_transferred = Math.max(run.bytes_transferred, bytes);
    await this.manager.save(run);
    const flow = await this.manager.findOneByOrFail(shipped.ProtectionFlow, { id: run.flow_id });
    flow.successful_executions += 1;
    await this.manager.save(Object.assign(flow, lastRun(run)));
  }

  async setEnabled(flowId: string, enabled: boolean): Promise<void> {
    const flow = await this.manager.findOneOrFail(shipped.ProtectionFlow, {
      where: { id: flowId },
      relations: { schedule: true },
    });
    flow.enabled = enabled;
    flow.next_execution_time = enabled && flow.schedule ? shipped.nextRun(flow.schedule, new Date()) : null;
    await this.manager.save(flow);
    await this.get(flowId);
  }

  async create(input: NewFlow): Promise<string> {
    const schedule = await this.manager.findOneByOrFail(shipped.platform.ReplicationSchedule, {
      id: input.schedule_id ?? '',
    });
    const flow = await this.manager.save(
      this.manager.create(shipped.ProtectionFlow, {
        id: uuidv7(),
        ...input,
        next_execution_time: shipped.nextRun(schedule, new Date()),
      }),
    );
    return flow.id;
  }

  async findRunningByJob(jobId: string): Promise<string | null> {
    const running = await this.manager.findBy(shipped.ProtectionFlowExecution, { status: 'running' });
    return running.find((run) => run.created_job_ids?.includes(jobId))?.id ?? null;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.manager.transaction(async (manager) => {
      const flows = await manager.find(shipped.ProtectionFlow, {
        where: { enabled: true, next_execution_time: LessThanOrEqual(new Date()) },
        order: { next_execution_time: 'ASC', id: 'ASC' },
        take: limit,
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      const schedules = await manager.findBy(shipped.platform.ReplicationSchedule, {
        id: In([...new Set(flows.map((flow) => flow.schedule_id ?? ''))]),
      });
      const running = await manager.findBy(shipped.ProtectionFlowExecution, {
        flow_id: In(flows.map((flow) => flow.id)),
        status: In(['pending', 'running']),
      });
      const free = flows.filter((flow) => !running.some((run) => run.flow_id === flow.id));
      const now = new Date();
      const runs = await manager.save(
        free.map((flow) =>
          manager.create(shipped.ProtectionFlowExecution, {
            id: uuidv7(),
            flow_id: flow.id,
            status: 'running',
            execution_type: 'scheduled',
            started_at: now,
            triggered_by: 'bench',
            execution_metadata: { worker: 'bench', due_at: flow.next_execution_time?.toISOString() },
          }),
        ),
      );
      for (const [n, flow] of free.entries()) {
        const schedule = schedules.find(({ id }) => id === flow.schedule_id);
        Object.assign(flow, lastRun(runs[n]!), { total_executions: flow.total_executions + 1 });
        flow.next_execution_time = schedule ? shipped.nextRun(schedule, now) : null;
      }
      await manager.save(free);
      return free.map(({ id }) => id);
    });
  }

  async release(): Promise<void> {
    await this.manager.connection.destroy();
  }

  private async runUnderWay(id: string): Promise<ProtectionFlowExecution> {
    const run = await this.manager.findOneByOrFail(shipped.ProtectionFlowExecution, { id });
    if (run.status !== 'running') throw new Error(`${id} is ${run.status}`);
    return run;
  }

  /** The names of the flows' targets, which are in one of two tables, and so have no relation. */
  private async targets(flows: readonly ProtectionFlow[]): Promise<(string | null)[]> {
    const idsOf = (type: string): string[] =>
      flows.filter((flow) => flow.target_type === type).map((flow) => flow.target_id);
    const found = new Map<string, string>();
    const [vms, groups] = [idsOf('vm'), idsOf('group')];
    if (vms.length > 0) {
      const rows = await this.manager.findBy(shipped.platform.VmReplicationContext, { context_id: In(vms) });
      for (const { context_id, vm_name } of rows) found.set(`vm ${context_id}`, vm_name);
    }
    if (groups.length > 0) {
      const rows = await this.manager.findBy(shipped.platform.VmMachineGroup, { id: In(groups) });
      for (const { id, name } of rows) found.set(`group ${id}`, name);
    }
    return flows.map((flow) => found.get(`${flow.target_type} ${flow.target_id}`) ?? null);
  }
}

/** The same, but a run and its flow are saved in one transaction. */
export class TransactionalTypeOrm extends PlainTypeOrm {
  static override async connect(url: string, type: 'mariadb' | 'mysql'): Promise<TransactionalTypeOrm> {
    return new TransactionalTypeOrm((await plainDataSource(url, type)).manager);
  }

  override start(flowId: string): Promise<string> {
    return this.together((plain) => plain.start(flowId));
  }

  override finish(executionId: string, done: Done): Promise<void> {
    return this.together((plain) => plain.finish(executionId, done));
  }

  private together<Result>(work: (plain: PlainTypeOrm) => Promise<Result>): Promise<Result> {
    return this.manager.transaction((manager) => work(new PlainTypeOrm(manager)));
  }
}

function lastRun({ id, status, started_at, completed_at }: ProtectionFlowExecution) {
  return {
    last_execution_id: id,
    last_execution_status: status as ProtectionFlow['last_execution_status'],
    last_execution_time: completed_at ?? started_at,
  };
}

/** TypeORM's own DataSource, without guards or subscriber, but with this package's session settings. */
function plainDataSource(url: string, type: 'mariadb' | 'mysql'): Promise<DataSource> {
  const { dataSourceOptions, loadConnection, entities } = shipped;
  const options = dataSourceOptions(loadConnection({ env: { DATABASE_URL: url } }));
  return new DataSource({ ...options, type, entities }).initialize();
}
