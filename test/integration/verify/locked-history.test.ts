import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';

/** Guards that a table which another program has locked is told as such, soon, and is no bug report. */
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
