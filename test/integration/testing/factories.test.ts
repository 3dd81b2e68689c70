import { buildExecution, buildFlow, createExecution, createFlow, rolledBack } from '../../../src/testing';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';

// Guards that the rows which other tests start from are valid and do not clash.
describe('the factories', () => {
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database);

  it('build flows with distinct names and ids', () => {
    expect(buildFlow().name).not.toBe(buildFlow().name);
    expect(buildFlow().id).not.toBe(buildFlow().id);
    expect(buildFlow({ name: 'mine' }).name).toBe('mine');
  });

  it('build a replication flow unless the overrides make it a backup flow', () => {
    expect(buildFlow()).toMatchObject({ flow_type: 'replication', destination_type: 'ossea' });
    expect(buildFlow({ repository_id: 'r' })).toMatchObject({ flow_type: 'backup', destination_type: null });
  });

  it('build an execution of the flow', () => {
    expect(buildExecution('f', { status: 'running' })).toMatchObject({ flow_id: 'f', status: 'running' });
  });

  it('store flows and executions, and return them with the defaults of the database', async () => {
    await rolledBack(dataSource(), async (manager) => {
      const flow = await createFlow(manager, { flow_type: 'backup' });
      expect(flow).toMatchObject({ enabled: true, total_executions: 0, last_execution_status: 'pending' });
      expect(flow.repository_id).toMatch(/^repo-/);
      const execution = await createExecution(manager, { flow_id: flow.id, created_job_ids: ['a', 'b'] });
      expect(execution).toMatchObject({ flow_id: flow.id, status: 'pending', created_job_ids: ['a', 'b'] });
      expect((await createExecution(manager)).flow_id).not.toBe(flow.id);
    });
  });
});
