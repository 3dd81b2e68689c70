import type { ProtectionFlowsError } from '../../../src/errors';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { connectionUrl } from '../../../src/testing/connection-url';
import { select } from '../../../src/engine/server/queryable';
import { verify, type VerifyReport } from '../../../src/engine/verify';
import { useDatabase, usePrivateServer } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { seedFlows } from './damaged-database';

// Guards that verify neither reports invisible objects as missing nor calls untested behaviour proven.
describe('verify with limited rights', () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'mixed', server, per: 'each' });
  useDataSource(database, { per: 'each' });
  beforeEach(() => seedFlows(database.session));

  /** Verifies as a user with nothing but these privileges on the database. */
  async function verifyAs(user: string, privileges: string): Promise<VerifyReport> {
    await database.session.query(`CREATE USER IF NOT EXISTS '${user}'@'127.0.0.1' IDENTIFIED BY 'secret'`);
    await database.session.query(`GRANT ${privileges} ON \`${database.name}\`.* TO '${user}'@'127.0.0.1'`);
    const url = connectionUrl({ ...database.settings, username: user, password: 'secret' }, database.name);
    const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
    return verify(dataSource).finally(() => dataSource.destroy());
  }

  const statuses = ({ checks }: VerifyReport): Record<string, string> =>
    Object.fromEntries(checks.map(({ id, status }) => [id, status]));
  const skipped = ({ checks }: VerifyReport): string[] =>
    checks.filter(({ status }) => status === 'skip').map(({ summary }) => summary);
  const readOnly = {
    ...{ history: 'pass', tables: 'pass', 'row-counts': 'pass', columns: 'pass', 'foreign-keys': 'pass' },
    ...{ 'key-compatibility': 'pass', orphans: 'pass', indexes: 'skip', 'check-constraints': 'skip' },
    ...{ 'cascade-delete': 'skip', 'set-null': 'skip', restrict: 'skip', statistics: 'pass' },
    'server-settings': 'pass',
  };

  it('with only SELECT is unproven with the reason, and reports no missing key', async () => {
    const report = await verifyAs('reader', 'SELECT');
    expect(statuses(report)).toEqual(readOnly);
    expect({ verdict: report.verdict, ok: report.ok }).toEqual({ verdict: 'unproven', ok: false });
    for (const summary of skipped(report)) expect(summary).toMatch(/1142|INSERT/);
  });

  it('with the three documented privileges is proven', async () => {
    expect((await verifyAs('prover', 'SELECT, INSERT, DELETE')).verdict).toBe('proven');
  });

  it('with only SELECT still finds a missing key', async () => {
    await database.session.query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy');
    const report = await verifyAs('reader', 'SELECT');
    expect(statuses(report)).toEqual({ ...readOnly, 'foreign-keys': 'fail' });
    expect(report.verdict).toBe('drifted');
  });

  const ours = ['protection_flows', 'protection_flow_executions'];
  it.each([
    ['the history alone', [], 'GRANT'],
    ['our tables without their parents', ours, 'GRANT'],
    ['all tables, one by one', ['%'], null],
    ['some columns', ['protection_flow_executions', 'COLUMNS'], 'grant SELECT on'],
  ])('with SELECT on %s reports nothing about tables that it cannot see', async (_what, tables, remedy) => {
    const user = database.name.slice(-12);
    const rows = await select<{ name: string }>(
      database.session,
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
    );
    const all = rows.map(({ name }) => name);
    const isHistory = (name: string): boolean => name.startsWith('sendense_');
    const granted = tables.includes('COLUMNS')
      ? all.filter((name) => name !== 'protection_flows')
      : all.filter((name) => isHistory(name) || tables.includes('%') || tables.includes(name));
    await database.session.query(`CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY 'secret'`);
    const grant = (what: string, table: string) =>
      database.session.query(`GRANT ${what} ON \`${database.name}\`.\`${table}\` TO '${user}'@'127.0.0.1'`);
    for (const table of granted) await grant('SELECT', table);
    if (tables.includes('COLUMNS')) await grant('SELECT (id, name)', 'protection_flows');
    const url = connectionUrl({ ...database.settings, username: user, password: 'secret' }, database.name);
    const look = async (): Promise<VerifyReport> => {
      const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
      return verify(dataSource).finally(() => dataSource.destroy());
    };
    if (remedy !== null) {
      const error = (await look().catch((thrown: unknown) => thrown)) as ProtectionFlowsError;
      expect(error).toMatchObject({
        code: 'PRIVILEGE_MISSING',
        remedy: expect.stringContaining(remedy),
      });
      if (remedy === 'GRANT')
        await database.session.query(/^GRANT .*$/m.exec(error.remedy)![0].replace(/;$/, ''));
      else await grant('SELECT', 'protection_flows');
    }
    expect(statuses(await look())).toEqual(readOnly);
  });

  it('on a read-only server is unproven with the reason', async () => {
    await database.session.query('SET GLOBAL read_only = 1');
    try {
      const report = await verifyAs('writer', 'SELECT, INSERT, UPDATE, DELETE').catch(() => undefined);
      expect(report && statuses(report)).toEqual(readOnly);
      expect(report?.verdict).toBe('unproven');
      for (const summary of skipped(report!)) expect(summary).toContain('1290');
    } finally {
      await database.session.query('SET GLOBAL read_only = 0');
    }
  });

  it('in a session where a temporary table hides one of ours fails, and is proven once the temporary table is dropped', async () => {
    const dataSource = await openDataSource(database);
    const runner = dataSource.createQueryRunner();
    dataSource.createQueryRunner = () =>
      Object.assign(Object.create(runner) as typeof runner, { release: async () => undefined });
    await runner.query('CREATE TEMPORARY TABLE protection_flows (id int)');
    const report = await verify(dataSource);
    expect(report.verdict).toBe('drifted');
    const fault = report.checks.find(({ id }) => id === 'tables');
    expect(fault?.summary).toContain('a temporary table hides protection_flows');
    const sql = (fault?.remedy ?? '')
      .split('\n')
      .filter((line) => !line.startsWith('--'))
      .join('\n');
    await runner.query(sql);
    expect((await verify(dataSource)).verdict).toBe('proven');
    await runner.release();
    await dataSource.destroy();
  });

  it('in a session that ignores CHECKs fails, on MariaDB', async () => {
    if (server.flavour !== 'mariadb') return;
    await database.session.query('SET GLOBAL check_constraint_checks = OFF');
    const dataSource = await openDataSource(database);
    const report = await verify(dataSource);
    await dataSource.destroy();
    const fault = report.checks.find(({ status }) => status === 'fail');
    expect(fault).toMatchObject({
      id: 'check-constraints',
      remedy: expect.stringMatching(/^SET GLOBAL check_constraint_checks = ON;$/m),
    });
    await database.session.query('SET GLOBAL check_constraint_checks = ON');
    const again = await openDataSource(database);
    expect((await verify(again)).verdict).toBe('proven');
    await again.destroy();
  });
});
