import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'mysql2/promise';
import { migrate, rollback } from '../../src/engine/migrate';
import { select } from '../../src/engine/server/queryable';
import { startPrivateServer, type PrivateServer } from '../../src/testing';
import { catalogDump } from '../support/catalog-dump';
import { useDatabase } from '../support/database';
import { useDataSource } from '../support/data-source';
import { migrateProgram, migratePrograms } from '../support/migrate-programs';
import { packageFolder, runProgram, type ProgramEnd } from '../support/run-program';
import { countStatements, growth } from '../support/statement-counts';
import { testInstallation } from '../support/test-installation';
import { waitFor } from '../support/wait-for';
import { migrationCount, stepsBackTo } from '../support/migrations';

const rounds = Number(process.env['PROCESS_ROUNDS'] ?? 2);
const processes = 16;

const whole = /^sendense/;

// Without the lock, 14 of 40 processes that began at once died with "table already exists".
describe(`${processes} processes at once, ${rounds} rounds`, () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startPrivateServer({ installation: await testInstallation() });
  }, 60_000);
  afterAll(() => server.stop());

  const fresh = async (name: string): Promise<string> => {
    const root = await createConnection(server.url('mysql'));
    await root.query(`CREATE DATABASE ${name}`);
    await root.end();
    return server.url(name);
  };
  const run = (args: readonly string[], url: string): Promise<ProgramEnd> =>
    runProgram(process.execPath, args, { env: { DATABASE_URL: url } });

  it(
    'all succeed, and execute each statement once',
    async () => {
      const alone = await fresh('alone');
      const before = await countStatements(alone);
      expect(await run(migratePrograms.ours, alone)).toMatchObject({ exitCode: 0 });
      const once = growth(before, await countStatements(alone));
      const reference = await createConnection(alone);
      const expected = await catalogDump({ query: async (sql) => (await reference.query(sql))[0] }, whole);
      for (let round = 1; round <= rounds; round += 1) {
        const url = await fresh(`round_${round}`);
        const start = await countStatements(url);
        const ends = await Promise.all(
          Array.from({ length: processes }, (_, at) => run(migrateProgram(at), url)),
        );
        expect(ends.filter(({ exitCode }) => exitCode !== 0).map(({ output }) => output)).toEqual([]);
        expect(growth(start, await countStatements(url))).toEqual(once);
        const connection = await createConnection(url);
        const session = { query: async (sql: string) => (await connection.query(sql))[0] };
        expect(await catalogDump(session, whole)).toEqual(expected);
        const history = await select(session, 'SELECT name FROM sendense_flow_migrations');
        expect(history.map(({ name }) => name)).toEqual([...new Set(history.map(({ name }) => name))]);
        expect(history).toHaveLength(migrationCount);
        await connection.end();
      }
      await reference.end();
      console.log(JSON.stringify({ rounds, processes: rounds * processes, statements: once }));
    },
    60_000 + rounds * 60_000,
  );
});

// Without this, a killed process would lock out all others until an operator intervenes.
describe('a killed holder of the lock', () => {
  const database = useDatabase({ platform: 'none' });
  const dataSource = useDataSource(database);

  it('is followed by a waiting process', async () => {
    await rollback(dataSource(), { steps: stepsBackTo('DropRedundantIndexes') });
    const blocker = await database.connect();
    await blocker.query('START TRANSACTION');
    await blocker.query('SELECT * FROM protection_flows');
    const holder = spawn(process.execPath, migratePrograms.ours, {
      cwd: packageFolder,
      env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
      stdio: 'ignore',
    });
    const lease = () =>
      select<{ holder: string | null }>(database.session, 'SELECT holder FROM sendense_flow_lock');
    await waitFor(async () => (await lease())[0]?.holder?.startsWith(`pid ${holder.pid} on `) === true);
    const waits: string[] = [];
    let killed: Promise<unknown> | undefined;
    const result = await migrate(dataSource(), {
      onProgress({ step }) {
        if (!step.startsWith('wait for the migrate of pid')) return;
        waits.push(step);
        if (killed) return;
        killed = once(holder, 'exit').then(() => blocker.query('COMMIT'));
        holder.kill('SIGKILL');
      },
    });
    await killed;
    expect(waits[0]).toContain(`pid ${holder.pid} on `);
    expect(result).toMatchObject({
      ok: true,
      applied: [
        'DropRedundantIndexes1795305604000',
        'KeepWhatPruneRemoved1795305605000',
        'KeepWhatDidNotRun1795305606000',
        'ServeMetrics1795305607000',
        'KeepWhatIsPaused1795305608000',
      ],
    });
  }, 60_000);
});
