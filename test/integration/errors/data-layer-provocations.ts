import type { ErrorCode } from '../../../src/errors';
import { rollback } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories, type Repositories } from '../../../src/repositories';
import { createPlatformTables, createSchedule } from '../../../src/testing';
import { stepsBackTo } from '../../support/migrations';
import { prepareSchema } from '../../support/prepare-schema';

type DataLayerCode = Extract<
  ErrorCode,
  | 'STATEMENT_TOO_LARGE'
  | 'ID_TAKEN'
  | 'FLOW_NOT_FOUND'
  | 'EXECUTION_NOT_FOUND'
  | 'FLOW_STILL_RUNNING'
  | 'TRANSITION_REFUSED'
  | 'SCHEDULE_INVALID'
  | 'MIGRATION_PENDING'
  | 'PLATFORM_TABLE_MISSING'
  | 'TRANSACTION_ABORTED'
>;

const flow = {
  name: 'Provoking',
  flow_type: 'replication',
  target_type: 'vm',
  target_id: 'ctx-1',
  destination_type: 'ossea',
} as const;

/** For each code, a call that the repositories refuse. */
export function dataLayerProvocations(
  dataSource: () => ProtectionFlowsDataSource,
): Record<DataLayerCode, () => Promise<unknown>> {
  const repositories = async (): Promise<Repositories> => {
    await prepareSchema(dataSource());
    return createRepositories(dataSource());
  };
  const newRun = async ({ flows }: Repositories) => ({
    flow_id: (await flows.create(flow)).id,
    execution_type: 'manual' as const,
  });
  return {
    STATEMENT_TOO_LARGE: async () => {
      const [{ bytes }] = await dataSource().query<[{ bytes: number }]>(
        'SELECT @@max_allowed_packet AS bytes',
      );
      return dataSource().query('SELECT LENGTH(?) AS length', ['x'.repeat(Number(bytes))]);
    },
    ID_TAKEN: async () => {
      const { flows } = await repositories();
      await flows.create({ ...flow, id: 'mine' });
      return flows.create({ ...flow, id: 'MINE', name: 'Another' });
    },
    FLOW_NOT_FOUND: async () => (await repositories()).flows.get('gone'),
    EXECUTION_NOT_FOUND: async () => (await repositories()).executions.get('gone'),
    FLOW_STILL_RUNNING: async () => {
      const layer = await repositories();
      const run = await newRun(layer);
      await layer.executions.start(run);
      return layer.executions.start(run);
    },
    TRANSITION_REFUSED: async () => {
      const layer = await repositories();
      const { id } = await layer.executions.enqueue(await newRun(layer));
      return layer.executions.finish(id, { status: 'success' });
    },
    SCHEDULE_INVALID: async () => {
      await createPlatformTables(dataSource());
      const { flows } = await repositories();
      const { id } = await createSchedule(dataSource(), { cron_expression: 'often' });
      return flows.create({ ...flow, schedule_id: id });
    },
    MIGRATION_PENDING: async () => {
      const layer = await repositories();
      const { id } = await layer.executions.start(await newRun(layer));
      await rollback(dataSource(), { steps: stepsBackTo('AllowCancelledAsLastStatus') });
      return layer.executions.cancel(id);
    },
    PLATFORM_TABLE_MISSING: async () => {
      const layer = await repositories();
      const { id } = await layer.executions.start(await newRun(layer));
      await layer.executions.recordJobs(id, ['job']);
      return layer.executions.settle(id);
    },
    TRANSACTION_ABORTED: async () => {
      const { flows } = await repositories();
      const { id } = await flows.create(flow);
      return dataSource().transaction(async (holder) => {
        await flows.withManager(holder).update(id, { description: 'held' });
        await dataSource().transaction(async (waiter) => {
          await waiter.query('SET SESSION innodb_lock_wait_timeout = 1');
          await flows.withManager(waiter).update(id, { description: 'never' });
        });
      });
    },
  };
}

/** Executes statements until the account `someone` has used up its quota. */
export async function useUpQueries(
  as: ProtectionFlowsDataSource,
  administer: (sql: string) => Promise<unknown>,
): Promise<never> {
  await administer("ALTER USER 'someone'@'%' WITH MAX_QUERIES_PER_HOUR 5");
  // The quota applies to sessions that begin from now on, such as the pool's second one
  for (;;) await Promise.all([as.query('SELECT 1'), as.query('SELECT 1')]);
}
