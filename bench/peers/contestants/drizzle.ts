import { and, asc, desc, eq, getTableColumns, inArray, lte, sql } from 'drizzle-orm';
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import {
  bigint,
  boolean,
  int,
  json,
  mysqlTable,
  text,
  timestamp,
  varchar,
  type MySqlColumn,
} from 'drizzle-orm/mysql-core';
import { createPool, type Pool } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src';
import type { Done, Peer } from '../../data/contestants/contestant';

const id = () => varchar({ length: 64 });
const moment = () => timestamp({ mode: 'date' });
const count = () => int().notNull().default(0);

const flows = mysqlTable('protection_flows', {
  id: id().primaryKey(),
  name: varchar({ length: 255 }).notNull(),
  description: text(),
  flow_type: varchar({ length: 20 }).notNull(),
  target_type: varchar({ length: 20 }).notNull(),
  target_id: id().notNull(),
  repository_id: id(),
  policy_id: id(),
  destination_type: varchar({ length: 20 }),
  destination_config: json(),
  schedule_id: id(),
  enabled: boolean().notNull().default(true),
  last_execution_id: id(),
  last_execution_status: varchar({ length: 20 }).notNull().default('pending'),
  last_execution_time: moment(),
  next_execution_time: moment(),
  total_executions: count(),
  successful_executions: count(),
  failed_executions: count(),
  created_at: moment().notNull().defaultNow(),
  updated_at: moment().notNull().defaultNow(),
  created_by: varchar({ length: 255 }).notNull().default('system'),
});

const executions = mysqlTable('protection_flow_executions', {
  id: id().primaryKey(),
  flow_id: id().notNull(),
  status: varchar({ length: 20 }).notNull().default('pending'),
  execution_type: varchar({ length: 20 }).notNull(),
  jobs_created: count(),
  jobs_completed: count(),
  jobs_failed: count(),
  jobs_skipped: count(),
  started_at: moment(),
  completed_at: moment(),
  execution_time_seconds: int(),
  vms_processed: count(),
  bytes_transferred: bigint({ mode: 'number' }).notNull().default(0),
  error_message: text(),
  execution_metadata: json(),
  created_job_ids: json(),
  schedule_execution_id: id(),
  created_at: moment().notNull().defaultNow(),
  triggered_by: varchar({ length: 255 }).notNull().default('system'),
});

const named = (table: string) =>
  mysqlTable(table, { id: id().primaryKey(), name: varchar({ length: 255 }).notNull() });
const schedules = mysqlTable('replication_schedules', {
  id: id().primaryKey(),
  name: varchar({ length: 255 }).notNull(),
  cron_expression: varchar({ length: 255 }).notNull(),
});
const repositories = named('backup_repositories');
const policies = named('backup_policies');
const groups = named('vm_machine_groups');
const machines = mysqlTable('vm_replication_contexts', {
  context_id: id().primaryKey(),
  vm_name: varchar({ length: 255 }).notNull(),
});

const now = sql`CURRENT_TIMESTAMP`;
const plusOne = (column: MySqlColumn) => sql`${column} + 1`;
/** The platform's tables have another collation. */
const target = sql`${flows.target_id} COLLATE utf8mb4_general_ci`;

/** Drizzle, with queries as in its documentation: joins for names, transactions for a run and its flow. */
class WithDrizzle implements Peer {
  private readonly db: MySql2Database;
  private readonly tomorrow = new Date(Math.floor(Date.now() / 1000) * 1000 + 86_400_000);

  constructor(private readonly pool: Pool) {
    this.db = drizzle({ client: pool });
  }

  async get(flowId: string): Promise<(string | null)[]> {
    const [found] = await this.withNames().where(eq(flows.id, flowId));
    return [found!.flow.name, found!.schedule, found!.repository, found!.policy, found!.vm ?? found!.group];
  }

  async list(limit: number): Promise<(string | null)[]> {
    const newest = this.withNames().orderBy(desc(flows.created_at), desc(flows.id));
    return (await newest.limit(limit)).map(({ vm, group }) => vm ?? group);
  }

  async history(flowId: string, limit: number): Promise<string[]> {
    const runs = await this.db
      .select()
      .from(executions)
      .where(eq(executions.flow_id, flowId))
      .orderBy(desc(executions.created_at), desc(executions.id))
      .limit(limit);
    return runs.map((run) => run.id);
  }

  async latest(flowIds: readonly string[]): Promise<string[]> {
    const order = sql`(PARTITION BY ${executions.flow_id} ORDER BY ${executions.created_at} DESC, ${executions.id} DESC)`;
    const newest = this.db.$with('newest').as(
      this.db
        .select({ id: executions.id, place: sql<number>`ROW_NUMBER() OVER ${order}`.as('place') })
        .from(executions)
        .where(inArray(executions.flow_id, [...flowIds])),
    );
    const runs = await this.db
      .with(newest)
      .select(getTableColumns(executions))
      .from(executions)
      .innerJoin(newest, eq(newest.id, executions.id))
      .where(eq(newest.place, 1));
    return runs.map((run) => run.id).sort();
  }

  start(flowId: string): Promise<string> {
    return this.db.transaction(async (tx) => {
      const runId = uuidv7();
      await tx.insert(executions).values({
        id: runId,
        flow_id: flowId,
        execution_type: 'api',
        triggered_by: 'bench',
        status: 'running',
        started_at: now as never,
      });
      await tx
        .update(flows)
        .set({
          total_executions: plusOne(flows.total_executions),
          last_execution_id: runId,
          last_execution_status: 'running',
          last_execution_time: now,
        })
        .where(eq(flows.id, flowId));
      return runId;
    });
  }

  async progress(executionId: string, { jobs, bytes }: Done): Promise<void> {
    await this.db
      .update(executions)
      .set({ jobs_completed: jobs, bytes_transferred: bytes, execution_metadata: { phase: 'copying' } })
      .where(and(eq(executions.id, executionId), eq(executions.status, 'running')));
  }

  finish(executionId: string, { jobs, bytes }: Done): Promise<void> {
    return this.db.transaction(async (tx) => {
      const [{ affectedRows }] = await tx
        .update(executions)
        .set({
          status: 'success',
          completed_at: now,
          execution_time_seconds: sql`TIMESTAMPDIFF(SECOND, ${executions.started_at}, ${now})`,
          jobs_completed: jobs,
          bytes_transferred: bytes,
        })
        .where(and(eq(executions.id, executionId), eq(executions.status, 'running')));
      if (affectedRows === 0) throw new Error('was over already');
      const own = tx
        .select({ id: executions.flow_id })
        .from(executions)
        .where(eq(executions.id, executionId));
      await tx
        .update(flows)
        .set({
          successful_executions: plusOne(flows.successful_executions),
          last_execution_status: 'success',
          last_execution_time: now,
        })
        .where(eq(flows.id, own));
    });
  }

  async create(flow: NewFlow): Promise<string> {
    const flowId = uuidv7();
    const values = { ...flow, id: flowId, next_execution_time: this.tomorrow };
    await this.db.insert(flows).values(values as typeof flows.$inferInsert);
    return flowId;
  }

  claimDue(limit: number): Promise<string[]> {
    return this.db.transaction(async (tx) => {
      const due = await tx
        .select()
        .from(flows)
        .where(and(eq(flows.enabled, true), lte(flows.next_execution_time, now)))
        .orderBy(asc(flows.next_execution_time), asc(flows.id))
        .limit(limit)
        .for('update', { skipLocked: true });
      if (due.length === 0) return [];
      const runs = due.map((flow) => ({
        id: uuidv7(),
        flow_id: flow.id,
        status: 'running',
        execution_type: 'scheduled',
        started_at: now as never,
        triggered_by: 'bench',
        execution_metadata: { worker: 'bench', due_at: flow.next_execution_time },
      }));
      await tx.insert(executions).values(runs);
      // A different value for each row: a CASE, as in its guide
      const cases = runs.map((run) => sql`WHEN ${flows.id} = ${run.flow_id} THEN ${run.id}`);
      await tx
        .update(flows)
        .set({
          next_execution_time: this.tomorrow,
          total_executions: plusOne(flows.total_executions),
          last_execution_id: sql`CASE ${sql.join(cases, sql.raw(' '))} END`,
          last_execution_time: now,
          last_execution_status: 'running',
        })
        .where(
          inArray(
            flows.id,
            due.map((flow) => flow.id),
          ),
        );
      return due.map((flow) => flow.id);
    });
  }

  release(): Promise<void> {
    return this.pool.end();
  }

  private withNames() {
    return this.db
      .select({
        flow: getTableColumns(flows),
        schedule: schedules.name,
        cron: schedules.cron_expression,
        repository: repositories.name,
        policy: policies.name,
        vm: machines.vm_name,
        group: groups.name,
      })
      .from(flows)
      .leftJoin(schedules, eq(schedules.id, flows.schedule_id))
      .leftJoin(repositories, eq(repositories.id, flows.repository_id))
      .leftJoin(policies, eq(policies.id, flows.policy_id))
      .leftJoin(machines, and(eq(flows.target_type, 'vm'), eq(machines.context_id, target)))
      .leftJoin(groups, and(eq(flows.target_type, 'group'), eq(groups.id, target)));
  }
}

/** Connects. */
export const connect = async (url: string): Promise<Peer> =>
  new WithDrizzle(createPool({ uri: url, timezone: 'Z' }));
