import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { openDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';

const server = usePrivateServer();
const database = useDatabase({ server, per: 'each' });

/**
 * Guards that migrate reports the server's own message when the server cannot create a table, whichever table. Once, it
 * called the lock's table hand-made and advised to drop it, and it called the others an error of this program.
 */
it.each(['sendense_flow_lock', 'sendense_flow_migrations', 'protection_flows', 'sendense_flow_skips'])(
  'a migrate throws QUERY_FAILED when the server refuses to create %s, and a later migrate succeeds',
  async (table) => {
    // InnoDB makes no table over a file that it does not know
    const file = join(server.directory, 'data', database.name, `${table}.ibd`);
    await writeFile(file, '');
    const dataSource = await openDataSource(database);
    try {
      await expect(migrate(dataSource)).rejects.toMatchObject({
        code: 'QUERY_FAILED',
        message: expect.stringContaining(table),
        remedy: expect.stringMatching(/^Mend what the server says/),
        details: { errno: expect.any(Number) },
      });
      await rm(file);
      expect(await migrate(dataSource)).toMatchObject({ ok: true });
      expect((await verify(dataSource)).verdict).toBe('proven');
    } finally {
      await dataSource.destroy();
    }
  },
);
