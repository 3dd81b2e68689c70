import { Kysely, MysqlDialect, sql, type Generated } from 'kysely';
import { createPool } from 'mysql2';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';

interface Database {
  protection_flows: {
    id: string;
    name: string;
    flow_type: string;
    target_type: string;
    target_id: string;
    repository_id: string | null;
    policy_id: string | null;
    schedule_id: string | null;
    enabled: Generated<number>;
    last_execution_id: string | null;
    last_execution_status: Generated<string>;
    last_execution_time: Date | null;
    next_execution_time: Date | null;
    total_executions: Generated<number>;
    successful_executions: Generated<number>;
    created_at: Generated<Date>;
  };
  protection_flow_executions: {
    id: string;
    flow_id: string;
    status: string;
    execution_type: string;
    jobs_completed: Generated<number>;
    started_at: Date | null;
    completed_at: Date | null;
    execution_time_seconds: number | null;
    bytes_transferred: Generated<number>;
    execution_metadata: string | null;
    created_at: Generated<Date>;
    triggered_by: Generated<string>;
  };
  replication_schedules: { id: string; name: string; cron_expression: string };
  backup_repositories: { id: string; name: string };
  backup_policies: { id: string; name: string };
  vm_replication_contexts: { context_id: string; vm_name: string };
  vm_machine_groups: { id: string; name: string };
}

/** The platform's tables have another collation. */
const target = sql<string>`f.target_id COLLATE utf8mb4_general_ci`;
const now = sql<Date>`CURRENT_TIMESTAMP`;

/** Kysely, with queries as in its documentation: joins for names, transactions for a run and its flow. */
class WithKysely implements Peer {
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(private readonly db: Kysely<Database>) {}

  async get(id: string): Promise<(string | null)[]> {
    const flow = await this.withNames().where('f.id', '=', id).executeTakeFirstOrThrow();
    return [flow.name, flow.schedule_name, flow.repository_name, flow.policy_name, flow.target_name];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const newest = this.withNames().orderBy('f.created_at', 'desc').orderBy('f.id', 'desc');
    const flows = await newest.limit(limit).execute();
    return flows.map((flow) => flow.target_name);
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    const runs = await this.db
      .selectFrom('protection_flow_executions')
      .selectAll()
      .where('flow_id', '=', flowId)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return runs.map(({ id }) => id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const runs = await this.db
      .with('newest', (db) =>
        db
          .selectFrom('protection_flow_executions')
          .select(({ fn }) => [
            'id',
            fn
              .agg<number>('row_number')
              .over((over) => over.partitionBy('flow_id').orderBy('created_at', 'desc').orderBy('id', 'desc'))
              .as('place'),
          ])
          .where('flow_id', 'in', [...flowIds]),
      )
      .selectFrom('protection_flow_executions as e')
      .innerJoin('newest as n', 'n.id', 'e.id')
      .selectAll('e')
      .where('n.place', '=', 1)
      .execute();
    return runs.map(({ id }) => id).sort();
  }

  start(flowId: string): Promise<string> {
    return this.db.transaction().execute(async (trx) => {
      const id = uuidv7();
      await trx
        .insertInto('protection_flow_executions')
        .values({
          id,
          flow_id: flowId,
          execution_type: 'api',
          triggered_by: 'bench',
          status: 'running',
          started_at: now,
        })
        .execute();
      await trx
        .updateTable('protection_flows')
        .set((eb) => ({
          total_executions: eb('total_executions', '+', 1),
          last_execution_id: id,
          last_execution_status: 'running',
          last_execution_time: now,
        }))
        .where('id', '=', flowId)
        .execute();
      return id;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.db
      .updateTable('protection_flow_executions')
      .set({
        jobs_completed: jobs,
        bytes_transferred: bytes,
        execution_metadata: JSON.stringify({ phase: 'copying' }),
      })
      .where('id', '=', executionId)
      .where('status', '=', 'running')
      .execute();
  }

  finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    return this.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('protection_flow_executions')
        .set({
          status: 'success',
          completed_at: now,
          execution_time_seconds: sql<number>`TIMESTAMPDIFF(SECOND, started_at, ${now})`,
          jobs_completed: jobs,
          bytes_transferred: bytes,
        })
        .where('id', '=', executionId)
        .where('status', '=', 'running')
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new Error('was over already');
      await trx
        .updateTable('protection_flows')
        .set((eb) => ({
          successful_executions: eb('successful_executions', '+', 1),
          last_execution_status: 'success',
          last_execution_time: now,
        }))
        .where('id', '=', (eb) =>
          eb.selectFrom('protection_flow_executions').select('flow_id').where('id', '=', executionId),
        )
        .execute();
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const id = uuidv7();
    const values = { ...(flow as { name: string }), id, next_execution_time: this.tomorrow };
    await this.db
      .insertInto('protection_flows')
      .values(values as never)
      .execute();
    return id;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.db.transaction().execute(async (trx) => {
      const flows = await trx
        .selectFrom('protection_flows')
        .selectAll()
        .where('enabled', '=', 1)
        .where('next_execution_time', '<=', now)
        .orderBy('next_execution_time')
        .orderBy('id')
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute();
      if (flows.length === 0) return [];
      const runs = flows.map((flow) => ({
        id: uuidv7(),
        flow_id: flow.id,
        status: 'running',
        execution_type: 'scheduled',
        started_at: now,
        triggered_by: 'bench',
        execution_metadata: JSON.stringify({ worker: 'bench', due_at: flow.next_execution_time }),
      }));
      await trx.insertInto('protection_flow_executions').values(runs).execute();
      await trx
        .updateTable(['protection_flows as f', 'protection_flow_executions as e'])
        .set((eb) => ({
          next_execution_time: this.tomorrow,
          total_executions: eb('f.total_executions', '+', 1),
          last_execution_id: eb.ref('e.id'),
          last_execution_time: eb.ref('e.started_at'),
          last_execution_status: 'running',
        }))
        .whereRef('e.flow_id', '=', 'f.id')
        .where(
          'e.id',
          'in',
          runs.map(({ id }) => id),
        )
        .execute();
      return flows.map(({ id }) => id);
    });
  }

  release(): Promise<void> {
    return this.db.destroy();
  }

  private withNames() {
    return this.db
      .selectFrom('protection_flows as f')
      .leftJoin('replication_schedules as s', 's.id', 'f.schedule_id')
      .leftJoin('backup_repositories as r', 'r.id', 'f.repository_id')
      .leftJoin('backup_policies as p', 'p.id', 'f.policy_id')
      .leftJoin('vm_replication_contexts as v', (join) =>
        join.on('v.context_id', '=', target).on('f.target_type', '=', 'vm'),
      )
      .leftJoin('vm_machine_groups as g', (join) =>
        join.on('g.id', '=', target).on('f.target_type', '=', 'group'),
      )
      .selectAll('f')
      .select(['s.name as schedule_name', 's.cron_expression as schedule_cron'])
      .select(['r.name as repository_name', 'p.name as policy_name'])
      .select((eb) => eb.fn.coalesce('v.vm_name', 'g.name').as('target_name'));
  }
}

/** Connects. */
export async function connect(url: string): Promise<Peer> {
  const dialect = new MysqlDialect({ pool: createPool({ uri: url, timezone: 'Z' }) });
  return new WithKysely(new Kysely<Database>({ dialect }));
}
