import { EntitySchema, LockMode, MikroORM, raw, type EntityManager, type Loaded } from '@mikro-orm/mysql';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';

interface Named {
  id: string;
  name: string;
}

interface Flow extends Named {
  target_type: string;
  target_id: string;
  enabled: boolean;
  schedule: Named | null;
  repository: Named | null;
  policy: Named | null;
  last_execution_id: string | null;
  last_execution_status: string;
  last_execution_time: Date | null;
  next_execution_time: Date | null;
  total_executions: number;
  successful_executions: number;
  created_at: Date;
}

interface Run {
  id: string;
  flow: Flow;
  status: string;
  execution_type: string;
  jobs_completed: number;
  started_at: Date | null;
  completed_at: Date | null;
  execution_time_seconds: number | null;
  bytes_transferred: number;
  execution_metadata: object | null;
  created_at: Date;
  triggered_by: string;
}

const id = { type: 'string', primary: true } as const;
const word = { type: 'string' } as const;
const words = { type: 'string', nullable: true } as const;
const count = { type: 'integer', default: 0 } as const;
const moment = { type: 'datetime', nullable: true } as const;
const created = { type: 'datetime', onCreate: () => new Date() } as const;
const json = { type: 'json', nullable: true } as const;

const named = (name: string) =>
  new EntitySchema<Named>({ name, tableName: name, properties: { id, name: word } });
const schedules = named('replication_schedules');
schedules.addProperty('cron_expression' as never, 'string');
const repositories = named('backup_repositories');
const policies = named('backup_policies');
const groups = named('vm_machine_groups');
const machines = new EntitySchema<{ context_id: string; vm_name: string }>({
  name: 'vm_replication_contexts',
  tableName: 'vm_replication_contexts',
  properties: { context_id: id, vm_name: word },
});

const flows = new EntitySchema<Flow>({
  name: 'protection_flows',
  tableName: 'protection_flows',
  properties: {
    id,
    name: word,
    description: words,
    flow_type: word,
    target_type: word,
    target_id: word,
    repository: { kind: 'm:1', entity: () => repositories, fieldName: 'repository_id', nullable: true },
    policy: { kind: 'm:1', entity: () => policies, fieldName: 'policy_id', nullable: true },
    destination_type: words,
    destination_config: json,
    schedule: { kind: 'm:1', entity: () => schedules, fieldName: 'schedule_id', nullable: true },
    enabled: { type: 'boolean', default: true },
    last_execution_id: words,
    last_execution_status: { type: 'string', default: 'pending' },
    last_execution_time: moment,
    next_execution_time: moment,
    total_executions: count,
    successful_executions: count,
    failed_executions: count,
    created_at: created,
    updated_at: created,
    created_by: { type: 'string', default: 'system' },
  } as never,
});

const executions = new EntitySchema<Run>({
  name: 'protection_flow_executions',
  tableName: 'protection_flow_executions',
  properties: {
    id,
    flow: { kind: 'm:1', entity: () => flows, fieldName: 'flow_id' },
    status: word,
    execution_type: word,
    jobs_created: count,
    jobs_completed: count,
    jobs_failed: count,
    jobs_skipped: count,
    started_at: moment,
    completed_at: moment,
    execution_time_seconds: { type: 'integer', nullable: true },
    vms_processed: count,
    bytes_transferred: { type: 'double', default: 0 },
    error_message: words,
    execution_metadata: json,
    created_job_ids: json,
    schedule_execution_id: words,
    created_at: created,
    triggered_by: { type: 'string', default: 'system' },
  } as never,
});

const populate = ['schedule', 'repository', 'policy'] as const;
const newest = [{ created_at: 'DESC' }, { id: 'DESC' }] as const;

/** MikroORM as in its documentation: a fork for each unit of work, populated relations, changes by flush. */
class WithMikroOrm implements Peer {
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(private readonly orm: MikroORM) {}

  async get(flowId: string): Promise<(string | null)[]> {
    const em = this.orm.em.fork();
    const flow = await em.findOneOrFail(flows, flowId, { populate });
    const [target] = await this.targets(em, [flow]);
    const { name, schedule, repository, policy } = flow;
    return [name, schedule?.name ?? null, repository?.name ?? null, policy?.name ?? null, target ?? null];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const em = this.orm.em.fork();
    return this.targets(em, await em.findAll(flows, { populate, orderBy: [...newest], limit }));
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    const em = this.orm.em.fork();
    const runs = await em.find(executions, { flow: flowId }, { orderBy: [...newest], limit });
    return runs.map((run) => run.id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const em = this.orm.em.fork();
    const place = em
      .createQueryBuilder(executions, 'one')
      .select([
        'id',
        raw('ROW_NUMBER() OVER (PARTITION BY flow_id ORDER BY created_at DESC, id DESC) AS place'),
      ])
      .where({ flow: { $in: [...flowIds] } });
    const ids = em
      .createQueryBuilder(place as never, 'n')
      .select('n.id')
      .where({ 'n.place': 1 } as never);
    const runs = await em.find(executions, { id: { $in: ids.getKnexQuery() as never } });
    return runs.map((run) => run.id).sort();
  }

  start(flowId: string): Promise<string> {
    return this.orm.em.fork().transactional(async (em) => {
      const flow = await em.findOneOrFail(flows, flowId);
      const started_at = new Date();
      const run = em.create(executions, {
        id: uuidv7(),
        flow,
        execution_type: 'api',
        triggered_by: 'bench',
        status: 'running',
        started_at,
      } as never);
      flow.total_executions += 1;
      em.assign(flow, {
        last_execution_id: run.id,
        last_execution_status: 'running',
        last_execution_time: started_at,
      });
      return run.id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    const em = this.orm.em.fork();
    const run = await em.findOneOrFail(executions, { id: executionId, status: 'running' });
    run.jobs_completed = jobs;
    run.bytes_transferred = bytes;
    run.execution_metadata = { phase: 'copying' };
    await em.flush();
  }

  async finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.orm.em.fork().transactional(async (em) => {
      const found = { id: executionId, status: 'running' };
      const run = await em.findOneOrFail(executions, found, { populate: ['flow'] });
      const completed_at = new Date();
      run.status = 'success';
      run.completed_at = completed_at;
      run.execution_time_seconds = Math.round(
        (completed_at.getTime() - (run.started_at?.getTime() ?? 0)) / 1000,
      );
      run.jobs_completed = jobs;
      run.bytes_transferred = bytes;
      run.flow.successful_executions += 1;
      run.flow.last_execution_status = 'success';
      run.flow.last_execution_time = completed_at;
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const em = this.orm.em.fork();
    const { repository_id, policy_id, schedule_id, ...own } = flow;
    const one = em.create(flows, {
      ...own,
      id: uuidv7(),
      repository: repository_id,
      policy: policy_id,
      schedule: schedule_id,
      next_execution_time: this.tomorrow,
    } as never);
    await em.flush();
    return one.id;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.orm.em.fork().transactional(async (em) => {
      const now = new Date();
      const due = await em.find(
        flows,
        { enabled: true, next_execution_time: { $lte: now } },
        {
          orderBy: [{ next_execution_time: 'ASC' }, { id: 'ASC' }],
          limit,
          lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE,
        },
      );
      for (const flow of due) {
        const run = em.create(executions, {
          id: uuidv7(),
          flow,
          status: 'running',
          execution_type: 'scheduled',
          started_at: now,
          triggered_by: 'bench',
          execution_metadata: { worker: 'bench', due_at: flow.next_execution_time },
        } as never);
        flow.next_execution_time = this.tomorrow;
        flow.total_executions += 1;
        flow.last_execution_id = run.id;
        flow.last_execution_time = now;
        flow.last_execution_status = 'running';
      }
      return due.map((flow) => flow.id);
    });
  }

  release(): Promise<void> {
    return this.orm.close();
  }

  /** The names of the flows' targets, which are in one of two tables, and so have no relation. */
  private async targets(
    em: EntityManager,
    some: readonly (Flow | Loaded<Flow, never>)[],
  ): Promise<(string | null)[]> {
    const idsOf = (type: string): string[] =>
      some.filter((flow) => flow.target_type === type).map((flow) => flow.target_id);
    const [vms, others] = [idsOf('vm'), idsOf('group')];
    const found = new Map<string, string>();
    if (vms.length > 0)
      for (const vm of await em.find(machines, { context_id: { $in: vms } }))
        found.set(vm.context_id, vm.vm_name);
    if (others.length > 0)
      for (const group of await em.find(groups, { id: { $in: others } })) found.set(group.id, group.name);
    return some.map((flow) => found.get(flow.target_id) ?? null);
  }
}

/** Connects. */
export async function connect(url: string): Promise<Peer> {
  const entities = [flows, executions, schedules, repositories, policies, groups, machines];
  return new WithMikroOrm(
    await MikroORM.init({ clientUrl: url, entities, timezone: 'Z', pool: { max: 10 } }),
  );
}
