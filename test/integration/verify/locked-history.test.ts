import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';

/** Guards that verify soon reports a table that another program has locked, and does not call it a bug. */
describe('verify while the history is locked', () => {
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database);

  it('reports the lock, and proves the schema once the lock is released', async () => {
    await database.connection.query('LOCK TABLES sendense_flow_migrations WRITE');
    await expect(verify(dataSource())).rejects.toMatchObject({ code: 'TABLE_BUSY' });
    await database.connection.query('UNLOCK TABLES');
    expect(await verify(dataSource())).toMatchObject({ ok: true, verdict: 'proven' });
  });
});
