import { createDataSource, installGuards, readGuards, removeGuards, verify } from '../../../src';
import { connectionUrl } from '../../../src/testing/connection-url';
import { useDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';

/** Guards that a missing privilege or a missing account is reported with its remedy. */
describe('guards and accounts', () => {
  const server = usePrivateServer({ serverArguments: ['--log-bin=bin', '--server-id=1'] });
  const database = useDatabase({ server, per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  const on = (): string => `\`${database.name}\`.*`;

  async function asUser<Result>(
    name: string,
    grants: readonly string[],
    work: (as: ReturnType<typeof dataSource>) => Promise<Result>,
  ): Promise<Result> {
    await query(`DROP USER IF EXISTS '${name}'@'%'`);
    await query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'x'`);
    for (const grant of grants) await query(`GRANT ${grant} TO '${name}'@'%'`);
    const { settings } = database;
    const url = connectionUrl({ ...settings, username: name, password: 'x' }, database.name);
    const as = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
    return work(as).finally(() => as.destroy());
  }
  const pasted = async (remedy: string): Promise<void> => {
    for (const one of remedy.replace(/^--.*$/gm, '').split(';')) if (one.trim() !== '') await query(one);
  };

  it('report each missing privilege with a GRANT, and are installed once it is given', async () => {
    await query('SET GLOBAL log_bin_trust_function_creators = 1');
    await asUser('maker', [`SELECT, INSERT, CREATE ON ${on()}`], async (as) => {
      const refused = await installGuards(as);
      expect(refused).toMatchObject({ ok: false, state: 'absent', changed: [] });
      expect(refused.findings.map(({ code, table, details }) => ({ code, table, ...details }))).toMatchObject(
        [
          {
            code: 'PRIVILEGE_MISSING',
            table: 'protection_flow_executions',
            privileges: ['TRIGGER', 'UPDATE', 'ALTER'],
          },
          { code: 'PRIVILEGE_MISSING', table: 'protection_flows', privileges: ['TRIGGER', 'UPDATE'] },
        ],
      );
      for (const { remedy } of refused.findings) await pasted(remedy);
      expect(await installGuards(as)).toMatchObject({ ok: true, state: 'installed' });
      expect((await readGuards(as)).parts[0]).toMatchObject({ definer: 'maker@%' });
    });
  });

  it('change nothing when the binary log forbids triggers, and the finding gives a remedy', async () => {
    await query('SET GLOBAL log_bin_trust_function_creators = 0');
    await asUser('maker', [`ALL ON ${on()}`], async (as) => {
      const refused = await installGuards(as);
      expect(refused).toMatchObject({
        ok: false,
        state: 'absent',
        changed: [],
        findings: [{ code: 'PRIVILEGE_MISSING', table: null, details: { privileges: ['SUPER'] } }],
      });
      await pasted(refused.findings[0]!.remedy);
      expect(await installGuards(as)).toMatchObject({ ok: true, state: 'installed' });
    });
  });

  it('fail verify when their definer account is gone, until another account installs them again', async () => {
    await query('SET GLOBAL log_bin_trust_function_creators = 1');
    await asUser('leaver', [`ALL ON ${on()}`], (as) => installGuards(as));
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
    const guards = async () => (await verify(dataSource())).checks.find(({ id }) => id === 'guards');

    await query(`REVOKE UPDATE ON ${on()} FROM 'leaver'@'%'`);
    expect(await guards()).toMatchObject({ status: 'fail', summary: expect.stringContaining('leaver@%') });
    await query("DROP USER 'leaver'@'%'");
    expect(await guards()).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(/leaver@%.*1449/),
      remedy: expect.stringContaining('guard install'),
    });
    expect(await installGuards(dataSource())).toMatchObject({ ok: true });
    expect(await guards()).toMatchObject({ status: 'pass' });
  });

  it('are reported as not visible without TRIGGER, and not as missing', async () => {
    await query('SET GLOBAL log_bin_trust_function_creators = 1');
    await installGuards(dataSource());
    await asUser('reader', [`SELECT, INSERT, UPDATE, DELETE, ALTER ON ${on()}`], async (as) => {
      expect(await readGuards(as)).toMatchObject({ ok: false, state: 'unseen' });
      const { checks } = await verify(as);
      expect(checks.find(({ id }) => id === 'guards')).toMatchObject({ status: 'skip' });
      expect(await removeGuards(as)).toMatchObject({
        ok: false,
        findings: [{ code: 'PRIVILEGE_MISSING' }, {}],
      });
    });
  });
});
