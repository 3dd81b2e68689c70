import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUser, type UserOf } from '../../integration/preflight/as-user';
import { useDatabase, usePrivateServer, type TestDatabase } from '../../support/database';
import { waitFor } from '../../support/wait-for';
import { emptyFolder, program, runCommandLine, type Ran } from './command-line';

/**
 * Guards `prune` as a whole process: the rows deleted and kept, the exit codes, the one JSON document, and that the next
 * prune can continue after Ctrl-C.
 */
const server = usePrivateServer();
let created: UserOf | undefined;
afterEach(async () => {
  await database.session.query('SET GLOBAL read_only = 0');
  await created?.drop();
  created = undefined;
});
// After the hook above: the user goes first, then the database
const database = useDatabase({ per: 'each', server });

const cli = (...args: string[]): Promise<Ran> => runAs(database, ...args);
const runAs = (as: Pick<TestDatabase, 'url'>, ...args: string[]): Promise<Ran> =>
  runCommandLine(args, { env: { DATABASE_URL: as.url } });
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { exitCode, stdout } = await cli(...args, '--json');
  return { exitCode, ...(JSON.parse(stdout) as Record<string, unknown>) };
};

/** Inserts executions of a flow with these statuses, one per day; the first is the given number of days old. */
async function addRuns(flow: string, daysAgo: number, statuses: readonly string[]): Promise<void> {
  await database.session.query(
    `INSERT IGNORE INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
     VALUES (?, ?, 'replication', 'vm', 'v', 'ossea')`,
    [flow, flow],
  );
  const rows = statuses.map((status, index) => {
    const at = new Date(Date.now() - (daysAgo - index) * 24 * 60 * 60_000);
    return [`${flow}-${daysAgo}-${index}`, flow, status, 'scheduled', at, at, at];
  });
  await database.connection.query(
    'INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, completed_at) VALUES ?',
    [rows],
  );
}
async function left(): Promise<string[]> {
  const rows = (await database.session.query(
    'SELECT id FROM protection_flow_executions ORDER BY created_at, id',
  )) as { id: string }[];
  return rows.map(({ id }) => id);
}
const where = () => ({
  server: { flavour: server.flavour, version: expect.stringMatching(/^\d+\.\d+/) as string },
  database: database.name,
});

describe('protection-flows prune', () => {
  beforeEach(async () => {
    expect(await cli('migrate')).toMatchObject({ exitCode: 0 });
  });

  it('deletes older runs that have ended, keeps the last run of each flow, and ends 0', async () => {
    await addRuns('busy', 100, ['success', 'error', 'warning', 'cancelled', 'running', 'pending']);
    await addRuns('busy', 2, ['success']);
    await addRuns('idle', 400, ['error', 'success']);
    const before = await left();

    const rehearsal = await cli('prune', '--older-than', '90d', '--dry-run');
    expect(rehearsal.exitCode).toBe(0);
    expect(rehearsal.stdout).toMatch(
      /^Database .*\n\nLooked at 2 flows: 5 executions to delete\. Nothing was/,
    );
    expect(await left()).toEqual(before);

    const { exitCode, stdout, stderr } = await cli('prune', '--older-than', '90d');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^Database .*\n\nLooked at 2 flows, deleted 5 executions\.\n$/) as string,
    });
    expect(stderr).toMatch(/^… pruning: \d of 2 flows, \d executions? deleted\n/);
    expect(await left()).toEqual(['idle-400-1', 'busy-100-4', 'busy-100-5', 'busy-2-0']);
    expect(await cli('prune', '--older-than', '90d')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Looked at 2 flows: nothing to delete.\n') as string,
    });
  });

  it('keeps the newest runs of each flow, prints one JSON document, and accepts an age as well', async () => {
    await addRuns(
      'a',
      40,
      Array.from({ length: 20 }, () => 'success'),
    );
    await addRuns('b', 30, ['success', 'success']);
    const done = { exitCode: 0, ok: true, complete: true, dry_run: false, kept: [], flows: 2, ...where() };
    expect(await json('prune', '--keep', '3', '--batch-size', '4', '--dry-run')).toEqual({
      ...done,
      dry_run: true,
      deleted: 17,
    });
    expect(await json('prune', '--keep', '3', '--batch-size', '4')).toEqual({ ...done, deleted: 17 });
    expect(await left()).toEqual(['b-30-0', 'b-30-1', 'a-40-17', 'a-40-18', 'a-40-19']);
    expect(await json('prune', '--keep', '2', '--older-than', '29d')).toEqual({ ...done, deleted: 2 });
    expect(await left()).toEqual(['b-30-1', 'a-40-18', 'a-40-19']);
  });

  it('ends 64 without a limit or with a wrong one, and opens no connection', async () => {
    await addRuns('a', 400, ['success', 'success']);
    for (const args of [[], ['--older-than', '0d'], ['--keep', '0']]) {
      expect(await json('prune', ...args)).toMatchObject({ exitCode: 64, error: { code: 'USAGE' } });
    }
    expect(await left()).toHaveLength(2);
  });

  it('ends 1 for an account that may not delete, but may count', async () => {
    await addRuns('a', 400, ['success', 'success']);
    created = await createUser(database, ['SELECT ON DB.*']);
    const refused = await runAs(created.database, 'prune', '--keep', '1');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^PRIVILEGE_MISSING: .*\bDELETE\b.*\n.*\nFix: .*\n$/m);
    const counted = await runAs(created.database, 'prune', '--keep', '1', '--dry-run', '--json');
    expect(JSON.parse(counted.stdout)).toMatchObject({ ok: true, deleted: 1 });
    expect(await left()).toHaveLength(2);
  });

  it('ends 1 on a read-only server, but may count there', async () => {
    await addRuns('a', 400, ['success', 'success']);
    created = await createUser(database, ['ALL ON DB.*']);
    await database.session.query('SET GLOBAL read_only = 1');
    const refused = await runAs(created.database, 'prune', '--keep', '1');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^SERVER_READ_ONLY: .*\n.*\nFix: .*\n$/m);
    const counted = await runAs(created.database, 'prune', '--keep', '1', '--dry-run', '--json');
    expect(JSON.parse(counted.stdout)).toMatchObject({ ok: true, deleted: 1 });
    expect(await left()).toHaveLength(2);
  });

  it('stops at Ctrl-C between two batches, says how many rows it deleted, and the next prune finishes', async () => {
    const runs = 3_000;
    for (const flow of ['a', 'b', 'c']) {
      await addRuns(
        flow,
        2_000,
        Array.from({ length: runs / 3 }, () => 'success'),
      );
    }
    const command = ['prune', '--older-than', '90d', '--json'];
    const child = spawn(process.execPath, [program, ...command, '--batch-size', '1'], {
      cwd: emptyFolder(),
      env: { PATH: process.env.PATH, DATABASE_URL: database.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const ended = new Promise((resolve) => child.on('close', resolve));
    await waitFor(async () => (await left()).length < runs, { timeoutMs: 60_000 });
    child.kill('SIGINT');
    expect(await ended).toBe(2);
    expect(stderr).toMatch(/^Stopping after the current statement\. Ctrl-C again quits at once\.$/m);
    const { error } = JSON.parse(stdout) as { error: { code: string; details: { deleted: number } } };
    expect(error.code).toBe('INTERRUPTED');
    expect(error.details.deleted).toBeGreaterThan(0);
    const rest = (await left()).length;
    expect(rest).toBe(runs - error.details.deleted);
    expect(rest).toBeGreaterThan(3);
    expect(await json(...command.slice(0, 3))).toMatchObject({ exitCode: 0, ok: true, deleted: rest - 3 });
    expect(await left()).toHaveLength(3);
  });

  it('is the only command that loads the data layer, and does not load the entities', async () => {
    const witness = join(emptyFolder(), 'witness.js');
    writeFileSync(
      witness,
      `process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));`,
    );
    const loadedBy = (...args: string[]): string =>
      spawnSync(process.execPath, ['--require', witness, program, ...args], {
        cwd: emptyFolder(),
        env: { PATH: process.env.PATH, DATABASE_URL: database.url },
        encoding: 'utf8',
      }).stderr;
    // The modules that a bundled file loads show that it ran
    const entities = /node_modules\/class-validator\//;
    const repositories = /node_modules\/exponential-backoff\//;
    const byStatus = loadedBy('status');
    expect(byStatus).toMatch(/node_modules\/mysql2\//);
    expect(byStatus).not.toMatch(/node_modules\/typeorm\//);
    expect(byStatus).not.toMatch(repositories);
    expect(byStatus).not.toMatch(entities);
    const byPrune = loadedBy('prune', '--keep', '1');
    expect(byPrune).toMatch(repositories);
    expect(byPrune).toMatch(/node_modules\/typeorm\//);
    expect(byPrune).not.toMatch(entities);
  });
});

describe('protection-flows prune without its tables', () => {
  async function expectMissing(table: string): Promise<void> {
    for (const args of [['--dry-run'], []]) {
      const { exitCode, stdout, stderr } = await cli('prune', '--older-than', '90d', ...args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toBe(
        `MIGRATION_PENDING: the table ${table} does not exist in the database ${database.name}: its migrations have not been run\n` +
          'Nothing was changed.\n' +
          'Fix: Run protection-flows migrate; if the tables are elsewhere, correct the connection.\n',
      );
    }
  }

  it('names the missing table and the fix, and ends 1', async () => {
    await expectMissing('protection_flows');
    await cli('migrate');
    await addRuns('a', 400, ['success', 'success']);
    await database.session.query('DROP TABLE protection_flow_executions');
    await expectMissing('protection_flow_executions');
  });
});
