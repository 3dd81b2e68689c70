import { createRepositories } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

/** Guards that MIGRATION_PENDING appears only on an older schema, or on a table of another program. */
describe('a missing column', () => {
  const layer = useDataLayer();
  const { database } = layer;

  it('gives MIGRATION_PENDING when it is one of ours, in a transaction too', async () => {
    const { flows, executions } = layer.repositories;
    const flow = await flows.create(layer.newFlow());
    await database.session.query('ALTER TABLE protection_flow_executions DROP COLUMN execution_metadata');
    const pending = {
      code: 'MIGRATION_PENDING',
      details: { table: 'protection_flow_executions', column: 'execution_metadata' },
      message: expect.stringContaining(
        'the table protection_flow_executions has no column execution_metadata',
      ),
      cause: { errno: 1054 },
    };
    const start = { flow_id: flow.id, execution_type: 'api', execution_metadata: { secret: 1 } } as const;
    await expect(executions.start(start)).rejects.toMatchObject(pending);
    await expect(executions.history(flow.id)).rejects.toMatchObject(pending);
    await layer.dataSource.transaction(async (manager) => {
      const { executions: inside } = createRepositories(manager);
      await expect(inside.history(flow.id)).rejects.toMatchObject(pending);
      // The transaction is still usable
      await manager.query('SELECT 1');
    });
    await database.session.query('ALTER TABLE protection_flow_executions ADD COLUMN execution_metadata json');
  });

  it('stays an error of the server when it belongs to the platform', async () => {
    const { flows, executions } = layer.repositories;
    const flow = await flows.create(layer.newFlow());
    const { id } = await executions.start({ flow_id: flow.id, execution_type: 'api' });
    await executions.recordJobs(id, ['job']);
    await database.session.query('ALTER TABLE backup_jobs RENAME COLUMN status TO state');
    await expect(executions.settle(id)).rejects.toMatchObject({ errno: 1054, name: 'QueryFailedError' });
  });

  it('gives MIGRATION_PENDING when the whole table belongs to another program', async () => {
    const session = database.session;
    await session.query('DROP TABLE protection_flow_executions, protection_flows');
    await session.query('CREATE TABLE protection_flows (id int PRIMARY KEY, title text)');
    await expect(layer.repositories.flows.list()).rejects.toMatchObject({
      code: 'MIGRATION_PENDING',
      details: { table: 'protection_flows' },
    });
  });
});
