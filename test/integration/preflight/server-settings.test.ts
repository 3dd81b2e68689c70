import { verify, type CheckResult, type VerifyReport } from '../../../src/engine/verify';
import { useDatabase, usePrivateServer, type TestDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { describeOnGalera } from '../../support/use-cluster';
import { migrateAnew, prepareAnew, noteOf, paste } from './fix';

async function checkOf(database: TestDatabase): Promise<{ report: VerifyReport; check?: CheckResult }> {
  const dataSource = await openDataSource(database);
  const report = await verify(dataSource).finally(() => dataSource.destroy());
  const check = report.checks.find(({ id }) => id === 'server-settings');
  return { report, check };
}

const flush = 'innodb_flush_log_at_trx_commit';

// Guards that an operator learns of a server that may lose acknowledged commits, and that this finding stops nothing.
describe.each([
  ['0', /a crash of the server or of its machine/],
  ['2', /a crash of the server's machine/],
])(`a server with ${flush} = %s`, (value, says) => {
  const server = usePrivateServer({ serverArguments: [`--${flush.replaceAll('_', '-')}=${value}`] });
  const database = useDatabase({ server });

  it('gets a note that stops neither migrate nor the proof, and whose remedy corrects the setting', async () => {
    const before = await noteOf(database);
    expect(before.ok).toBe(true);
    expect(before.notes).toEqual([
      {
        ...{ code: 'SERVER_SETTING_UNSAFE', effect: 'noted', table: null, key: null },
        message: expect.stringMatching(says) as unknown,
        remedy: expect.stringContaining(`${flush} = 1;`) as unknown,
        details: { setting: flush, value, wanted: '1' },
      },
    ]);
    const migrated = await migrateAnew(database);
    expect(migrated.ok).toBe(true);
    expect(migrated.findings.map(({ code }) => code)).not.toContain('SERVER_SETTING_UNSAFE');
    const { report, check } = await checkOf(database);
    expect(report).toMatchObject({ ok: true, verdict: 'proven' });
    expect(check).toMatchObject({ status: 'noted', remedy: before.notes[0]?.remedy });

    await paste(database, before.notes);
    expect(await noteOf(database)).toEqual({ ok: true, notes: [] });
    expect((await checkOf(database)).check).toMatchObject({ status: 'pass', remedy: null });
  });
});

// Guards that an operator learns that a node's reads do not wait for the others.
describeOnGalera('a node of a Galera cluster', () => {
  const database = useDatabase();
  afterEach(async () => {
    await database.session.query('SET GLOBAL wsrep_sync_wait = 0');
  });

  it('gets a note when its reads do not wait, with the value of the setting', async () => {
    await database.session.query('SET GLOBAL wsrep_sync_wait = 4');
    const { notes } = await noteOf(database);
    expect(notes).toMatchObject([{ details: { setting: 'wsrep_sync_wait', value: '4', wanted: '5' } }]);
    await paste(database, notes);
    expect((await noteOf(database)).notes).toEqual([]);
    await prepareAnew(database);
    expect((await checkOf(database)).check?.summary).toBe(`${flush} is 1, wsrep_sync_wait is 5`);
  });
});
