import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConnection } from 'mysql2/promise';
import { startPrivateServer, type PrivateServer } from '../../src/testing';
import { isAlive } from '../support/is-alive';
import { waitFor } from '../support/wait-for';

const program = join(__dirname, '..', 'fixtures', 'program-with-private-server.ts');
const register = join(__dirname, '..', 'support', 'register-swc.js');

interface StartedProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly directory: string;
}

async function runProgram(then: 'wait' | 'return' | 'throw'): Promise<StartedProgram> {
  const child = spawn(process.execPath, ['-r', register, program, then], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // In a separate process group, so that a signal can reach the whole group, as from a terminal
    detached: true,
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, ...(JSON.parse(line) as { pid: number; directory: string }) };
}

async function expectGone({ pid, directory }: StartedProgram): Promise<void> {
  await waitFor(() => !isAlive(pid) && !existsSync(directory));
}

// Without this, servers and folders would pile up on a developer's machine.
describe('a private server whose program ends without stopping it', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
    'stops and removes its folder after %s',
    async (signal) => {
      const started = await runProgram('wait');
      expect(isAlive(started.pid)).toBe(true);
      started.child.kill(signal);
      await expectGone(started);
    },
  );

  it('stops and removes its folder after the Ctrl-C of the terminal, which reaches the whole process group', async () => {
    const started = await runProgram('wait');
    process.kill(-started.child.pid!, 'SIGINT');
    await expectGone(started);
  });

  it('stops and removes its folder after an uncaught error', async () => {
    await expectGone(await runProgram('throw'));
  });

  it('does not keep the program alive', async () => {
    const started = await runProgram('return');
    await waitFor(() => started.child.exitCode !== null);
    expect(started.child.exitCode).toBe(0);
    await expectGone(started);
  });
});

// Guards what fault tests of the migrator rely on: a killed server restarts with all committed rows.
describe('a killed private server', () => {
  let server: PrivateServer;
  beforeEach(async () => {
    server = await startPrivateServer();
  });
  afterEach(() => server.stop());

  it('refuses connections until it is restarted on the same port, with all committed rows', async () => {
    const before = await createConnection(server.url());
    before.on('error', () => undefined);
    await before.query('CREATE DATABASE kept');
    await before.query('CREATE TABLE kept.rows_of_it (id int PRIMARY KEY)');
    await before.query('INSERT INTO kept.rows_of_it VALUES (1), (2)');
    const { port } = server;

    await server.kill();
    expect(server.isRunning).toBe(false);
    await expect(createConnection(server.url())).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    await server.restart();
    expect(server.port).toBe(port);
    const after = await createConnection(server.url('kept'));
    const [rows] = await after.query('SELECT id FROM rows_of_it');
    await after.end();
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('leaves no files when it is stopped instead of restarted', async () => {
    const { pid, directory } = server;
    await server.kill();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });
});
