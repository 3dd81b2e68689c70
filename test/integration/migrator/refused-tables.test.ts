import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { openDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';

const server = usePrivateServer();
const database = useDatabase({ server, per: 'each' });

/**
 * Guards that a table which the server can't make is told with the server's own words, whichever it is. Of the lock's it was
 * said that somebody had made it by hand, with the advice to drop what was not there; of the others, that it is an error of this program.
 */
it.each(['sendense_flow_lock', 'sendense_flow_migrations', 'protection_flows', 'sendense_flow_skips'])(
  'a migrate to which the server refuses %s is QUERY_FAILED, and goes on later',
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
