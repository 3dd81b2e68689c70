import { findHolders } from '../../../src/engine/waiting/find-holders';
import { useDatabase, usePrivateServer } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { waitFor } from '../../support/wait-for';

const alter = 'ALTER TABLE `backup_jobs` ADD COLUMN note int';
/** InnoDB refreshes INNODB_TRX only if nobody has read it for a tenth of a second. */
const slowly = { pollMs: 150 };
const listed = ['--performance-schema=ON', '--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON'];

/** Guards how exactly migrate names the holder of a table on servers with other settings than the default. */
describe.each([
  ['lists metadata locks', listed, true],
  ['lists no metadata locks', ['--performance-schema=OFF'], false],
])('on a server that %s', (_what, serverArguments, isListed) => {
  // A time zone of its own: INNODB_TRX speaks the operating system's, whatever the session's
  const server = usePrivateServer({ serverArguments, timeZone: '+09:30' });
  const database = useDatabase({ server, per: 'each' });

  it('migrate finds the holder of a table by its lock or its transaction', async () => {
    const [holder, elsewhere] = [await database.connect(), await database.connect()];
    await holder.query('START TRANSACTION');
    await holder.query('SELECT COUNT(*) FROM backup_jobs');
    await elsewhere.query('CREATE DATABASE IF NOT EXISTS elsewhere');
    await elsewhere.query('CREATE TABLE IF NOT EXISTS elsewhere.one (id int) ENGINE=InnoDB');
    await elsewhere.query('USE elsewhere');
    await elsewhere.query('START TRANSACTION');
    await elsewhere.query('SELECT COUNT(*) FROM one');
    const holders = await waitFor(async () => {
      const found = await findHolders(database.session, { waiterId: null, sql: alter });
      return found.blockers.length > 0 ? found : null;
    }, slowly);
    expect(holders).toMatchObject({
      tables: ['backup_jobs'],
      from: isListed ? 'locks' : 'transactions',
      blockers: [{ connectionId: holder.threadId, user: 'root', lockTables: false }],
    });
    // Null where MariaDB instruments no transactions; else seconds, not the hours between two time zones
    expect(holders.blockers[0]?.transactionSeconds ?? 0).toBeLessThan(600);
    expect(holders.blockers[0]?.host).not.toMatch(/:\d+$/);
  });

  it('migrate finds LOCK TABLES … WRITE on servers that list locks, also for a reader', async () => {
    const [holder, reader] = [await database.connect(), await database.connect()];
    await reader.query('START TRANSACTION');
    await reader.query('SELECT COUNT(*) FROM backup_policies');
    await holder.query('LOCK TABLES backup_jobs WRITE');
    const sql = 'SELECT COUNT(*) FROM backup_jobs JOIN backup_policies USING (id)';
    const { tables, blockers, remedy } = await waitFor(async () => {
      const holders = await findHolders(database.session, { waiterId: null, sql });
      return holders.blockers.length > 0 ? holders : null;
    }, slowly);
    if (isListed) {
      expect(tables).toEqual(['backup_jobs']);
      expect(blockers).toMatchObject([{ connectionId: holder.threadId, lockTables: true }]);
    } else {
      expect(blockers.map(({ connectionId }) => connectionId)).toEqual([reader.threadId]);
      expect(remedy).toBe(
        sharedServer().flavour === 'mariadb' ? "INSTALL SONAME 'metadata_lock_info';" : null,
      );
    }
  });
});
