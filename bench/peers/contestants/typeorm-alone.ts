import { DataSource, EntitySchema, In } from 'typeorm';
import type { Reader } from '../whole-process';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Flow extends Named {
  readonly target_type: string;
  readonly target_id: string;
  readonly schedule: Named | null;
  readonly repository: Named | null;
  readonly policy: Named | null;
}

const key = { type: 'varchar', primary: true } as const;
const text = (names: string) =>
  Object.fromEntries(names.split(' ').map((name) => [name, { type: 'varchar', nullable: true } as const]));
const numbers = (names: string) =>
  Object.fromEntries(names.split(' ').map((name) => [name, { type: 'int' } as const]));
const moments = (names: string) =>
  Object.fromEntries(names.split(' ').map((name) => [name, { type: 'timestamp', nullable: true } as const]));
const json = { type: 'json', nullable: true } as const;
const refersTo = (target: string) =>
  ({ type: 'many-to-one', target, joinColumn: { name: `${target}_id` } }) as const;

const named = (name: string, tableName: string, more = '') =>
  new EntitySchema<Named>({
    name,
    tableName,
    columns: { id: key, ...text(`name ${more}`.trim()) } as never,
  });
const groups = named('group', 'vm_machine_groups');
const machines = new EntitySchema<{ context_id: string; vm_name: string }>({
  name: 'machine',
  tableName: 'vm_replication_contexts',
  columns: { context_id: key, vm_name: { type: 'varchar' } },
});
const flows = new EntitySchema<Flow>({
  name: 'flow',
  tableName: 'protection_flows',
  columns: {
    id: key,
    ...text('name description flow_type target_type target_id destination_type last_execution_id'),
    ...text('last_execution_status created_by'),
    ...numbers('enabled total_executions successful_executions failed_executions'),
    ...moments('last_execution_time next_execution_time created_at updated_at'),
    destination_config: json,
  } as never,
  relations: {
    schedule: refersTo('schedule'),
    repository: refersTo('repository'),
    policy: refersTo('policy'),
  } as never,
});
const executions = new EntitySchema<{ id: string; flow_id: string; created_at: Date }>({
  name: 'execution',
  tableName: 'protection_flow_executions',
  columns: {
    id: key,
    ...text('flow_id status execution_type error_message schedule_execution_id triggered_by'),
    ...numbers('jobs_created jobs_completed jobs_failed jobs_skipped execution_time_seconds vms_processed'),
    ...numbers('bytes_transferred'),
    ...moments('started_at completed_at created_at'),
    execution_metadata: json,
    created_job_ids: json,
  } as never,
});

const relations = { schedule: true, repository: true, policy: true } as never;

/** A program with TypeORM alone; its operations are measured with this package's entities. */
class TypeOrmAlone implements Reader {
  constructor(private readonly dataSource: DataSource) {}

  async get(id: string): Promise<(string | null)[]> {
    const where = { id };
    const flow = await this.dataSource.getRepository(flows).findOneOrFail({ where, relations });
    const { name, schedule, repository, policy } = flow;
    return [
      name,
      ...[schedule, repository, policy].map((one) => one?.name ?? null),
      ...(await this.targets([flow])),
    ];
  }

  async list(take: number): Promise<(string | null)[]> {
    const order = { created_at: 'DESC', id: 'DESC' } as never;
    return this.targets(await this.dataSource.getRepository(flows).find({ relations, order, take }));
  }

  async history(flow_id: string, take: number): Promise<string[]> {
    const order = { created_at: 'DESC', id: 'DESC' } as const;
    const runs = await this.dataSource.getRepository(executions).find({ where: { flow_id }, order, take });
    return runs.map(({ id }) => id);
  }

  private async targets(some: readonly Flow[]): Promise<(string | null)[]> {
    const idsOf = (type: string): string[] =>
      some.filter((flow) => flow.target_type === type).map((flow) => flow.target_id);
    const found = new Map<string, string>();
    const [vms, others] = [idsOf('vm'), idsOf('group')];
    if (vms.length > 0)
      for (const vm of await this.dataSource.getRepository(machines).findBy({ context_id: In(vms) }))
        found.set(vm.context_id, vm.vm_name);
    if (others.length > 0)
      for (const group of await this.dataSource.getRepository(groups).findBy({ id: In(others) }))
        found.set(group.id, group.name);
    return some.map(({ target_id }) => found.get(target_id) ?? null);
  }
}

/** Connects. */
export async function connect(url: string, type: 'mariadb' | 'mysql'): Promise<Reader> {
  const refers = [
    named('schedule', 'replication_schedules', 'cron_expression'),
    named('repository', 'backup_repositories'),
    named('policy', 'backup_policies'),
  ];
  const entities = [flows, executions, groups, machines, ...refers];
  return new TypeOrmAlone(await new DataSource({ type, url, timezone: 'Z', entities }).initialize());
}
