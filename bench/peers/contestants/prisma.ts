import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';
import { PrismaClient, type Prisma } from '../generated/client';

const names = { include: { schedule: true, repository: true, policy: true } } as const;
type Flow = { readonly target_type: string; readonly target_id: string };

/** Prisma Client as in its documentation: `include`, interactive transactions, SQL only for SKIP LOCKED. */
class WithPrisma implements Peer {
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(private readonly prisma: PrismaClient) {}

  async get(id: string): Promise<(string | null)[]> {
    const flow = await this.prisma.protection_flows.findUniqueOrThrow({ where: { id }, ...names });
    const [target] = await this.targets([flow]);
    const { name, schedule, repository, policy } = flow;
    return [name, schedule?.name ?? null, repository?.name ?? null, policy?.name ?? null, target ?? null];
  }

  async list(limit: number): Promise<(string | null)[]> {
    return this.targets(
      await this.prisma.protection_flows.findMany({
        ...names,
        orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
        take: limit,
      }),
    );
  }

  async history(flow_id: string, limit: number): Promise<string[]> {
    const runs = await this.prisma.protection_flow_executions.findMany({
      where: { flow_id },
      orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return runs.map(({ id }) => id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const runs = await this.prisma.protection_flow_executions.findMany({
      where: { flow_id: { in: [...flowIds] } },
      orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
      distinct: ['flow_id'],
    });
    return runs.map(({ id }) => id).sort();
  }

  start(flowId: string): Promise<string> {
    return this.prisma.$transaction(async (tx) => {
      const started_at = new Date();
      const { id } = await tx.protection_flow_executions.create({
        data: {
          id: uuidv7(),
          flow_id: flowId,
          execution_type: 'api',
          triggered_by: 'bench',
          status: 'running',
          started_at,
        },
      });
      await tx.protection_flows.update({
        where: { id: flowId },
        data: {
          total_executions: { increment: 1 },
          last_execution_id: id,
          last_execution_status: 'running',
          last_execution_time: started_at,
        },
      });
      return id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.prisma.protection_flow_executions.updateMany({
      where: { id: executionId, status: 'running' },
      data: { jobs_completed: jobs, bytes_transferred: bytes, execution_metadata: { phase: 'copying' } },
    });
  }

  async finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.prisma.$transaction(async (tx) => {
      const run = await tx.protection_flow_executions.findUniqueOrThrow({ where: { id: executionId } });
      const completed_at = new Date();
      const { count } = await tx.protection_flow_executions.updateMany({
        where: { id: executionId, status: 'running' },
        data: {
          status: 'success',
          completed_at,
          execution_time_seconds: Math.round(
            (completed_at.getTime() - (run.started_at?.getTime() ?? 0)) / 1000,
          ),
          jobs_completed: jobs,
          bytes_transferred: bytes,
        },
      });
      if (count === 0) throw new Error('was over already');
      await tx.protection_flows.update({
        where: { id: run.flow_id },
        data: {
          successful_executions: { increment: 1 },
          last_execution_status: 'success',
          last_execution_time: completed_at,
        },
      });
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const data = { ...flow, id: uuidv7(), next_execution_time: this.tomorrow };
    const { id } = await this.prisma.protection_flows.create({
      data: data as Prisma.protection_flowsUncheckedCreateInput,
    });
    return id;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.prisma.$transaction(async (tx) => {
      const flows = await tx.$queryRaw<{ id: string; next_execution_time: Date }[]>`
        SELECT * FROM protection_flows WHERE enabled = 1 AND next_execution_time <= CURRENT_TIMESTAMP
         ORDER BY next_execution_time, id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
      const now = new Date();
      const runs = flows.map((flow) => ({
        id: uuidv7(),
        flow_id: flow.id,
        status: 'running',
        execution_type: 'scheduled',
        started_at: now,
        triggered_by: 'bench',
        execution_metadata: { worker: 'bench', due_at: flow.next_execution_time.toISOString() },
      }));
      await tx.protection_flow_executions.createMany({ data: runs });
      for (const { id, flow_id } of runs)
        await tx.protection_flows.update({
          where: { id: flow_id },
          data: {
            next_execution_time: this.tomorrow,
            total_executions: { increment: 1 },
            last_execution_id: id,
            last_execution_time: now,
            last_execution_status: 'running',
          },
        });
      return flows.map(({ id }) => id);
    });
  }

  release(): Promise<void> {
    return this.prisma.$disconnect();
  }

  /** The names of the flows' targets, which are in one of two tables, and so have no relation. */
  private async targets(flows: readonly Flow[]): Promise<(string | null)[]> {
    const idsOf = (type: string): string[] =>
      flows.filter((flow) => flow.target_type === type).map((flow) => flow.target_id);
    const found = new Map<string, string>();
    const [vms, groups] = [idsOf('vm'), idsOf('group')];
    if (vms.length > 0)
      for (const vm of await this.prisma.vm_replication_contexts.findMany({
        where: { context_id: { in: vms } },
      }))
        found.set(vm.context_id, vm.vm_name);
    if (groups.length > 0)
      for (const group of await this.prisma.vm_machine_groups.findMany({ where: { id: { in: groups } } }))
        found.set(group.id, group.name);
    return flows.map(({ target_id }) => found.get(target_id) ?? null);
  }
}

/** Connects with Prisma's driver adapter, the MariaDB connector. */
export async function connect(url: string): Promise<Peer> {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const adapter = new PrismaMariaDb({
    host,
    port: Number(port),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    database,
    timezone: 'Z',
  });
  return new WithPrisma(new PrismaClient({ adapter }));
}
