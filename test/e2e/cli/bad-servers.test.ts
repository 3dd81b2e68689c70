import { spawn, type ChildProcess } from 'node:child_process';
import { startPrivateServer, type PrivateServer } from '../../../src/testing';
import { lockName } from '../../../src/engine/session/lock';
import { useDatabase, usePrivateServer } from '../../support/database';
import { emptyFolder, migrateWaits, program, runCommandLine } from './command-line';

/** Guards that a command names the fault of a server that can't be used or goes away, and changes nothing on it. */
describe('a server that is not supported', () => {
  it.each([
    ['too old a MariaDB', '10.3.39-MariaDB', 'MariaDB 10.3.39'],
    ['too old a MySQL', '5.7.44-log', 'MySQL 5.7.44'],
    ['another kind of server', '8.0.11-TiDB-v7.5.0', 'TiDB'],
  ])('is refused: %s', async (_what, version, named) => {
    // MariaDB reports the version that its settings name
    let server: PrivateServer | undefined;
    try {
      server = await startPrivateServer({ flavour: 'mariadb', serverArguments: [`--version=${version}`] });
      const { exitCode, stderr } = await runCommandLine(['migrate'], {
        env: { DATABASE_URL: server.url('mysql') },
      });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining('SERVER_UNSUPPORTED'),
      });
      expect(stderr).toContain(named);
      expect(stderr.trimEnd().split('\n')).toHaveLength(3);
    } finally {
      await server?.stop();
    }
  });
});

describe('a server that stops in the middle of migrate', () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'mixed', server });

  it('makes migrate fail with an error code of its own, and the next migrate applies everything', async () => {
    const lock = lockName('sendense_flow', database.name);
    await database.session.query(`SELECT GET_LOCK('${lock}', 0)`);
    const running = runCommandLine(['migrate'], { env: { DATABASE_URL: database.url } });
    await migrateWaits(database);
    await server.kill();
    const { exitCode, stdout, stderr } = await running;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^CONNECTION_LOST: /m);
    expect(stderr).not.toContain(database.settings.password);
    await server.restart();
    const again = await runCommandLine(['migrate', '--json'], { env: { DATABASE_URL: database.url } });
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true });
  });
});

// A command waits for its statement. Without these, it would wait for a frozen server until somebody kills the command.
describe('a server that freezes', () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'mixed', server });
  const start = (): {
    child: ChildProcess;
    ended: Promise<{ end: number | string | null; stderr: string }>;
  } => {
    const child = spawn(process.execPath, [program, 'migrate'], {
      cwd: emptyFolder(),
      env: { PATH: process.env.PATH, DATABASE_URL: `${database.url}?connectTimeout=2000` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const ended = new Promise<{ end: number | string | null; stderr: string }>((resolve) => {
      child.on('close', (exitCode, signal) => {
        clearTimeout(deadline);
        resolve({ end: signal ?? exitCode, stderr });
      });
    });
    return { child, ended };
  };
  afterEach(() => process.kill(server.pid, 'SIGCONT'));

  // A closing terminal sends two signals. The second one must not count as a second Ctrl-C, which would exit at once
  it.each([
    ['SIGTERM', 'SIGHUP'],
    ['SIGHUP', 'SIGHUP'],
  ] as const)(
    'while a migrate waits for another one: %s ends the waiting migrate, which says that the server does not answer; %s changes nothing',
    async (first, second) => {
      await database.session.query(`SELECT GET_LOCK('${lockName('sendense_flow', database.name)}', 0)`);
      const { child, ended } = start();
      await migrateWaits(database);
      process.kill(server.pid, 'SIGSTOP');
      const stopping = new Promise<void>((resolve) =>
        child.stderr?.on('data', (data: Buffer) => data.includes('Stopping') && resolve()),
      );
      child.kill(first);
      await Promise.race([stopping, ended]);
      child.kill(second);
      const { end, stderr } = await ended;
      expect(stderr).toMatch(/^CONNECTION_TIMEOUT: .* no longer answers$/m);
      expect(end).toBe(2);
    },
  );
});
