import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { emptyFolder, program, runCommandLine, type Ran } from './command-line';

const database = useDatabase({ per: 'each' });
const env = () => ({ DATABASE_URL: database.url });
const fields = () => {
  const { host, port, username, password } = database.settings;
  return {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USERNAME: username,
    DB_PASSWORD: password,
    DB_DATABASE: database.name,
  };
};
const cli = (...args: string[]): Promise<Ran> => runCommandLine(args, { env: env() });
const json = async (...args: string[]): Promise<Record<string, unknown> & { exitCode: number | null }> => {
  const { stdout, exitCode } = await cli(...args, '--json');
  return { ...(JSON.parse(stdout) as Record<string, unknown>), exitCode };
};

describe('the commands on a real server', () => {
  it('migrate, status, verify and rollback end with the exit code of their result', async () => {
    expect(await json('status')).toMatchObject({ exitCode: 1, ok: false });
    expect(await json('verify')).toMatchObject({ exitCode: 1, verdict: 'never-ran' });
    const planned = await cli('migrate', '--plan');
    expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await json('status')).toMatchObject({ exitCode: 1 });

    const migrated = await cli('migrate');
    expect(migrated.exitCode).toBe(0);
    expect(migrated.stdout).toMatch(/^Database .*\n\nApplied \d+ migrations/);
    expect(migrated.stderr).toMatch(/^… .*\n/);
    expect(await json('status')).toMatchObject({ exitCode: 0, ok: true });
    expect(await json('verify', '--strict')).toMatchObject({ exitCode: 0, verdict: 'proven' });
    expect(await json('migrate')).toMatchObject({ exitCode: 0, ok: true, applied: [] });

    const undoing = await cli('rollback', '--all', '--plan');
    expect(undoing).toMatchObject({ exitCode: 0, stderr: '' });
    expect(undoing.stdout).toMatch(/^DROP TABLE `protection_flows`;$/m);
    expect(await json('verify', '--strict')).toMatchObject({ verdict: 'proven' });
    expect(await json('rollback', '--all')).toMatchObject({ exitCode: 0, ok: true, discarded: {} });
    expect(await json('verify')).toMatchObject({ exitCode: 1, verdict: 'never-ran' });
  });

  it('audit ends 1 if a run was missed, and 0 otherwise', async () => {
    await json('migrate');
    expect(await json('audit')).toMatchObject({ exitCode: 0, ok: true, flows: [] });
    for (const sql of [
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
       VALUES ('f', 'Hourly', 'replication', 'vm', 'v', 'ossea')`,
      `INSERT INTO sendense_flow_timetables (flow_id, from_at, state, cron_expression)
       VALUES ('f', CURRENT_TIMESTAMP - INTERVAL 1 DAY, 'on', '0 * * * *')`,
      'UPDATE protection_flows SET created_at = CURRENT_TIMESTAMP - INTERVAL 1 DAY',
    ])
      await database.session.query(sql);
    const found = {
      exitCode: 1,
      ok: false,
      totals: { 'on-time': 0, late: 0, skipped: 0, missed: 3, unknown: 0 },
    };
    expect(await json('audit', '--since', '4h', '--until', '1h', '--flow', 'f')).toMatchObject(found);
    expect(await json('audit', '--flow', 'g')).toMatchObject({
      exitCode: 1,
      error: { code: 'FLOW_NOT_FOUND' },
    });
  });

  it('status does not migrate although the configuration says migrationsRun', async () => {
    const { host, port, username, password } = database.settings;
    const path = join(emptyFolder(), 'c.json');
    writeFileSync(
      path,
      JSON.stringify({ host, port, username, password, database: database.name, migrationsRun: true }),
    );
    expect(await json('status', '--config', path)).toMatchObject({ exitCode: 1, ok: false });
    expect(await json('status', '--config', path)).toMatchObject({ exitCode: 1, ok: false });
  });
});

it('only prune, recount and demo load TypeORM, which takes as long as all statements of a command', async () => {
  const witness = join(emptyFolder(), 'witness.js');
  writeFileSync(
    witness,
    `process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));`,
  );
  for (const line of [
    'migrate',
    'status',
    'preflight',
    'verify',
    'adopt',
    'restore-orphans',
    'wait',
    'check',
    'rollback',
  ]) {
    const { stderr } = await runCommandLine([line], {
      env: { ...env(), NODE_OPTIONS: `--require ${witness}` },
    });
    expect(stderr).toMatch(/node_modules\/mysql2\//);
    expect([line, /node_modules\/(?:typeorm|class-validator|reflect-metadata)\//.exec(stderr)?.[0]]).toEqual([
      line,
      undefined,
    ]);
  }
});

describe('--verbose', () => {
  // The engine's sessions and those of the data layer are opened in different places
  it('prints each statement of any command with its milliseconds, and no password', async () => {
    expect(await cli('migrate')).toMatchObject({ exitCode: 0 });
    for (const [line, statement] of [
      ['status', /^ +\d+\.\d ms {2}SELECT .* FROM .*sendense_flow_migrations/m],
      ['migrate', /^ +\d+\.\d ms {2}SELECT GET_LOCK/m],
      ['prune --keep 1', /^ +\d+\.\d ms {2}SELECT .* FROM .*protection_flows/m],
    ] as const) {
      const { stdout, stderr, exitCode } = await cli(...line.split(' '), '--verbose', '--json');
      expect({ exitCode, ok: (JSON.parse(stdout) as { ok: boolean }).ok }).toEqual({ exitCode: 0, ok: true });
      expect(stderr).toMatch(statement);
      expect(stderr).toMatch(/^ +\d+\.\d ms {2}SET NAMES/m);
      expect(stderr).not.toContain(database.settings.password);
    }
  });
});

describe('a warning of this package', () => {
  // By default Node.js prints warnings with a process id between the lines of a command
  it.each([[[]], [['--json']]])(
    'is printed on stderr in the form of the command, not as a raw Node.js warning: %j',
    async (more) => {
      const { flavour } = sharedServer();
      const type = flavour === 'mysql' ? 'mariadb' : 'mysql';
      const { stderr, stdout } = await runCommandLine(['status', ...more], {
        env: { ...fields(), DB_TYPE: type },
      });
      expect(stderr).toMatch(new RegExp(`^DECLARED_TYPE_WRONG: the configuration says type ${type}, .*\\n$`));
      expect(stdout).not.toContain('DECLARED_TYPE_WRONG');
    },
  );
});

describe('a failure after trying to connect', () => {
  const wrong = (part: Partial<URL>) => {
    const url = Object.assign(new URL(database.url), part);
    return { DATABASE_URL: url.href };
  };

  it.each<[string, () => NodeJS.ProcessEnv, string]>([
    ['an unknown host', () => wrong({ hostname: 'no-such-host.invalid' }), 'HOST_UNKNOWN'],
    ['a wrong password', () => wrong({ password: 'hush' }), 'ACCESS_DENIED'],
    ['a missing database', () => wrong({ pathname: '/no_such_database' }), 'DATABASE_MISSING'],
    ['a closed port', () => wrong({ port: '1' }), 'CONNECTION_REFUSED'],
  ])('ends 2 with its code, and no password: %s', async (_name, environment, code) => {
    const { exitCode, stdout, stderr } = await runCommandLine(['status'], { env: environment() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(new RegExp(`^${code}: `));
    expect(stderr).not.toMatch(/hush|p@ss|p%40ss/);
  });
});

describe('Ctrl-C', () => {
  it('stops migrate between two statements, and the next migrate continues from there', async () => {
    const child = spawn(process.execPath, [program, 'migrate'], {
      cwd: emptyFolder(),
      env: { PATH: process.env.PATH, ...env() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => {
      if (stderr === '') child.kill('SIGINT');
      stderr += data.toString();
    });
    const exitCode = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toMatch(/\nStopping after the current statement\. Ctrl-C again quits at once\.\n/);
    expect(stderr).toMatch(/\nINTERRUPTED: .*\n.*\nFix: .*\n$/);
    expect(exitCode).toBe(2);
    expect(await json('status')).toMatchObject({ exitCode: 1, ok: false });
    expect(await json('migrate')).toMatchObject({ exitCode: 0, ok: true });
    expect(await json('verify')).toMatchObject({ verdict: 'proven' });
  });

  it.each(['status', 'migrate'])(
    'ends %s while it waits for a silent server, and says so',
    async (command) => {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as AddressInfo;
      const connected = new Promise((resolve) => silent.once('connection', resolve));
      const child = spawn(process.execPath, [program, command], {
        cwd: emptyFolder(),
        env: { PATH: process.env.PATH, DATABASE_URL: `mysql://u:hush@127.0.0.1:${port}/d` },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
      await connected;
      child.kill('SIGINT');
      const exitCode = await new Promise((resolve) => child.on('close', resolve));
      silent.close();
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /^INTERRUPTED: stopped by Ctrl-C, SIGTERM or SIGHUP\nNothing was changed\.\nFix: /m,
      );
    },
  );
});
