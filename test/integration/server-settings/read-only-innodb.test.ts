import { migrate, rollback, runPreflight } from '../../../src/engine/migrate';
import { createRepositories } from '../../../src/repositories';
import { verify } from '../../../src/engine/verify';
import { openDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';
import { seedFlows } from '../verify/damaged-database';

const server = usePrivateServer();
const database = useDatabase({ server });

// For example a copy on a snapshot, or a server in recovery. Guards that reads work, and that writes are refused with the reason.
it('on a server with a read-only InnoDB, only writes are refused', async () => {
  const before = await openDataSource(database);
  await migrate(before);
  await seedFlows(database.session);
  await before.destroy();
  await server.restart(['--innodb-read-only=ON']);

  const dataSource = await openDataSource(database);
  try {
    expect(await runPreflight(dataSource)).toMatchObject({ ok: true, findings: [] });
    expect(await migrate(dataSource)).toMatchObject({ ok: true, applied: [], findings: [] });
    const { verdict, checks } = await verify(dataSource);
    const shown = checks.filter(({ status }) => status !== 'pass');
    expect(shown.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'indexes skip',
      'check-constraints skip',
      'cascade-delete skip',
      'set-null skip',
      'restrict skip',
    ]);
    expect(verdict).toBe('unproven');
    for (const { summary } of shown) expect(summary).toMatch(/read.?only/i);

    const { flows, dueFlows } = createRepositories(dataSource);
    expect(await flows.get('flow-1')).toMatchObject({ name: 'Nightly' });
    const refused = { code: 'SERVER_READ_ONLY' };
    await expect(flows.disable('flow-1')).rejects.toMatchObject(refused);
    await expect(dueFlows.claimDue({ worker: 'w' })).rejects.toMatchObject(refused);
    await expect(rollback(dataSource, { discardRows: true })).rejects.toMatchObject(refused);
    expect((await verify(dataSource)).verdict).toBe('unproven');
  } finally {
    await dataSource.destroy();
  }
});
