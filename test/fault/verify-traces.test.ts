import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { select, type Queryable } from '../../src/engine/server/queryable';
import { verify, type VerifyReport } from '../../src/engine/verify';
import { seedFlows } from '../integration/verify/damaged-database';
import { useDatabase, usePrivateServer } from '../support/database';
import { openDataSource, useDataSource } from '../support/data-source';
import { packageFolder } from '../support/run-program';
import { waitFor } from '../support/wait-for';

type Query = (...parameters: unknown[]) => Promise<unknown>;

/** Calls `around` in place of every statement, in all sessions. */
function intercept(
  dataSource: ProtectionFlowsDataSource,
  around: (query: Query, sql: string) => Promise<unknown>,
): void {
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as Query;
    runner.query = ((...parameters: unknown[]) =>
      around(
        (...others) => query(...(others.length > 0 ? others : parameters)),
        String(parameters[0]),
      )) as typeof runner.query;
    return runner;
  };
}

const isDml = (sql: string): boolean => /^(INSERT|DELETE|UPDATE)\b/.test(sql);

// Without these, a verify on a live server could leave rows, move counters, or hold up the application.
describe('verify', () => {
  const server = usePrivateServer({ serverArguments: ['--log-bin=binlog', '--server-id=1'] });
  const database = useDatabase({ platform: 'mixed', server, per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });

  beforeEach(async () => {
    await database.session.query('ALTER TABLE backup_repositories ADD no int NOT NULL AUTO_INCREMENT UNIQUE');
    await database.session.query(
      'ALTER TABLE schedule_executions ADD no bigint NOT NULL AUTO_INCREMENT UNIQUE',
    );
    await migrate(dataSource());
    await seedFlows(database.session);
  });

  /** Reads the checksum, row count and definition of every table, and the end of the binary log. */
  async function traces(session: Queryable): Promise<unknown> {
    const names = (await select(session, 'SHOW TABLES')).flatMap((row) => Object.values(row).map(String));
    const definitions = [];
    for (const name of names) definitions.push(await select(session, `SHOW CREATE TABLE \`${name}\``));
    const log = server.flavour === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
    const counts = [];
    for (const name of names) counts.push(await select(session, `SELECT COUNT(*) AS n FROM \`${name}\``));
    return {
      checksums: await select(session, `CHECKSUM TABLE ${names.join(', ')}`),
      definitions,
      counts,
      log: await select(session, log),
    };
  }

  const othersAreGone = () =>
    waitFor(async () => {
      const others = await select(
        database.session,
        "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND COMMAND <> 'Sleep'",
      );
      // The server refreshes INNODB_TRX only after a tenth of a second without a read
      await delay(150);
      const open = await select(database.session, 'SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX');
      return others.length === 0 && Number(open[0]?.n) === 0;
    });

  it('leaves no trace in rows, counters, checksums or the binary log, and no lock', async () => {
    const before = await traces(database.session);
    expect((before as { log: unknown[] }).log).toHaveLength(1);
    const report = await verify(dataSource());
    expect(report.verdict).toBe('proven');
    expect(
      report.checks.flatMap(({ evidence }) => evidence).filter(({ sql }) => isDml(sql)).length,
    ).toBeGreaterThan(20);
    expect(await traces(database.session)).toEqual(before);
    await database.session.query('SET lock_wait_timeout = 1');
    await database.session.query("ALTER TABLE protection_flows COMMENT = 'not locked'");
    await database.session.query("ALTER TABLE backup_repositories COMMENT = 'not locked'");
  });

  it('leaves no trace in the session that it returns to the pool', async () => {
    const single = await openDataSource(database);
    const settings =
      'SELECT @@autocommit AS a, @@lock_wait_timeout AS b, @@innodb_lock_wait_timeout AS c, @@foreign_key_checks AS d, @@sql_mode AS e';
    const [before] = (await single.query(settings)) as unknown[];
    await verify(single);
    const after = await Promise.all(
      Array.from({ length: 5 }, async () => ((await single.query(settings)) as unknown[])[0]),
    );
    expect(after).toEqual(Array(5).fill(before));
    await single.destroy();
  });

  it('leaves no trace when its connection is killed at any statement that writes', async () => {
    const before = await traces(database.session);
    let killed = 0;
    for (let at = 1; ; at += 1) {
      const dying = await openDataSource(database);
      let [seen, wasKilled] = [0, false];
      intercept(dying, async (query, sql) => {
        const result = await query();
        if (!isDml(sql) || (seen += 1) !== at) return result;
        const [row] = (await query('SELECT CONNECTION_ID() AS id')) as { id: number }[];
        wasKilled = true;
        await database.session.query(`KILL ${row!.id}`);
        return result;
      });
      const ended = await verify(dying).then(
        (report) => report.verdict,
        (error: { code?: string }) => error.code,
      );
      await dying.destroy().catch(() => undefined);
      if (!wasKilled) {
        expect(ended).toBe('proven');
        break;
      }
      killed += 1;
      expect(ended).toBe('CONNECTION_LOST');
      await othersAreGone();
    }
    expect(killed).toBeGreaterThan(15);
    expect(await traces(database.session)).toEqual(before);
  });

  it('leaves no trace when its process is killed in the middle', async () => {
    const before = await traces(database.session);
    const program = ['-r', './test/support/register-swc.js', './test/fault/verify-and-hang.ts'];
    const child = spawn(process.execPath, program, {
      cwd: packageFolder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: database.url },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    await waitFor(() => output.includes('in the middle'), { timeoutMs: 30_000 });
    expect(await select(database.session, 'SELECT trx_id FROM information_schema.INNODB_TRX')).not.toEqual(
      [],
    );
    child.kill('SIGKILL');
    await othersAreGone();
    expect(await traces(database.session)).toEqual(before);
  });

  it('leaves no row, and skips the later checks, when the server ends its transaction in the middle', async () => {
    const before = await traces(database.session);
    const deadlocked = await openDataSource(database);
    let inserts = 0;
    intercept(deadlocked, async (query, sql) => {
      if (!/^INSERT INTO `protection_flow_executions`/.test(sql) || (inserts += 1) !== 1) return query();
      await query('ROLLBACK');
      throw Object.assign(new Error('Deadlock found'), { errno: 1213, code: 'ER_LOCK_DEADLOCK' });
    });
    const report = await verify(deadlocked);
    expect(statuses(report)).toMatchObject({
      indexes: 'pass',
      'cascade-delete': 'skip',
      'set-null': 'skip',
      restrict: 'skip',
    });
    expect(report.verdict).toBe('unproven');
    expect(report.checks.find(({ id }) => id === 'cascade-delete')?.summary).toContain('1213');
    expect(report.checks.find(({ id }) => id === 'restrict')?.summary).toContain('ended the transaction');
    await deadlocked.destroy();
    expect(await traces(database.session)).toEqual(before);
  });

  it('skips the check that needs a row locked by another transaction, says why, and runs the others', async () => {
    const other = await database.connect();
    await other.query('START TRANSACTION');
    await other.query('SELECT * FROM replication_schedules FOR UPDATE');
    const report = await verify(dataSource());
    await other.query('ROLLBACK');
    expect(report.verdict).toBe('unproven');
    expect(statuses(report)).toMatchObject({
      'cascade-delete': 'pass',
      'set-null': 'skip',
      restrict: 'pass',
    });
    expect(report.checks.find(({ id }) => id === 'set-null')?.summary).toContain('1205');
  });
});

function statuses(report: VerifyReport): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ id, status }) => [id, status]));
}
