import { createRepositories } from '../../../src/repositories';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';

const flow = {
  name: 'Refused',
  flow_type: 'replication',
  target_type: 'vm',
  target_id: 'ctx-1',
  destination_type: 'ossea',
} as const;

// Guards that a read-only transaction or database gives SERVER_READ_ONLY with its own message, and keeps the session open.
describe('a write that is refused as read-only', () => {
  const database = useDatabase({ platform: 'none' });
  const dataSource = useDataSource(database);

  it('by the transaction names the transaction, and the session stays open', async () => {
    const runner = dataSource().createQueryRunner();
    const id = () => runner.query('SELECT CONNECTION_ID() AS id');
    const before = await id();
    await runner.query('START TRANSACTION READ ONLY');
    await expect(runner.query('DELETE FROM protection_flows')).rejects.toMatchObject({
      code: 'SERVER_READ_ONLY',
      message: 'the transaction is read-only',
      details: { errno: 1792 },
    });
    await runner.query('ROLLBACK');
    await runner.release();
    expect(await dataSource().query('SELECT CONNECTION_ID() AS id')).toEqual(before);
  });

  it('by the database names the database, where a database can be read-only (MySQL)', async () => {
    if (sharedServer().flavour !== 'mysql') return;
    await database.session.query(`ALTER SCHEMA \`${database.name}\` READ ONLY = 1`);
    try {
      await expect(createRepositories(dataSource()).flows.create(flow)).rejects.toMatchObject({
        code: 'SERVER_READ_ONLY',
        message: 'the database is read-only',
        details: { errno: 3989 },
      });
    } finally {
      await database.session.query(`ALTER SCHEMA \`${database.name}\` READ ONLY = 0`);
    }
  });
});
