import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createConnection } from 'mysql2/promise';
import { detectServer } from '../../../src/engine/server/server';
import {
  getServerInstallation,
  sessionOf,
  startPrivateServer,
  type PrivateServer,
} from '../../../src/testing';
import { findFreePort } from '../../../src/testing/server-place';
import { testInstallation } from '../../support/test-installation';

jest.mock('../../../src/testing/server-place', () => {
  const actual = jest.requireActual<typeof import('../../../src/testing/server-place')>(
    '../../../src/testing/server-place',
  );
  return { ...actual, findFreePort: jest.fn(actual.findFreePort) };
});

const started: PrivateServer[] = [];

async function start(options: Parameters<typeof startPrivateServer>[0] = {}): Promise<PrivateServer> {
  const server = await startPrivateServer({ installation: await testInstallation(), ...options });
  started.push(server);
  return server;
}

async function variable(server: PrivateServer, name: string): Promise<unknown> {
  const connection = await createConnection(server.url());
  try {
    const [rows] = await connection.query(`SELECT @@${name} AS value`);
    return (rows as { value: unknown }[])[0]?.value;
  } finally {
    await connection.end();
  }
}

afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

// Guards that every other test gets a real server, away from the developer's own.
describe('startPrivateServer', () => {
  it('starts the promised server, reachable by port and by socket, never on 3306', async () => {
    const server = await start();
    const byPort = await createConnection(server.url('mysql'));
    expect(await detectServer(sessionOf(byPort))).toMatchObject({ flavour: server.flavour });
    await byPort.end();
    const { socketPath, username: user, password } = server;
    const bySocket = await createConnection({ socketPath, user, password });
    await bySocket.end();
    expect(server.port).not.toBe(3306);
    expect(process.kill(server.pid, 0)).toBe(true);
  });

  it('refuses connections without the password, which must be encoded in a URL', async () => {
    const server = await start();
    expect(server.password).toMatch(/@.*#/);
    const { host, port, socketPath } = server;
    await expect(createConnection({ host, port, user: 'root' })).rejects.toMatchObject({ errno: 1045 });
    await expect(createConnection({ socketPath, user: 'root' })).rejects.toMatchObject({ errno: 1045 });
  });

  it('accepts a password of the caller', async () => {
    const server = await start({ password: `o'brien:/?%` });
    await expect(variable(server, 'port')).resolves.toBe(server.port);
  });

  it('runs several servers at once, each with its own port, folder and data', async () => {
    const servers = await Promise.all([start(), start(), start()]);
    expect(new Set(servers.map((server) => server.port)).size).toBe(3);
    expect(new Set(servers.map((server) => server.directory)).size).toBe(3);
  });

  it('prefers arguments of the caller to its own and to the defaults of the server', async () => {
    const server = await start({
      timeZone: '+05:30',
      serverArguments: ['--sql-mode=NO_BACKSLASH_ESCAPES', '--innodb-flush-log-at-trx-commit=2'],
    });
    expect(await variable(server, 'global.time_zone')).toBe('+05:30');
    expect(await variable(server, 'global.sql_mode')).toBe('NO_BACKSLASH_ESCAPES');
    expect(await variable(server, 'global.innodb_flush_log_at_trx_commit')).toBe(2);
  });

  it('uses another port when the chosen port was taken in the meantime', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { port: taken } = other.address() as AddressInfo;
      jest.mocked(findFreePort).mockResolvedValueOnce(taken);
      const server = await start();
      expect(server.port).not.toBe(taken);
    } finally {
      other.close();
    }
  });

  it('removes the server and its folder on stop, which can be called twice', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.stop()]);
    expect(existsSync(server.directory)).toBe(false);
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  });

  it('accepts further settings for one run with restart', async () => {
    const server = await start();
    await server.restart(['--read-only=1']);
    expect(await variable(server, 'global.read_only')).toBe(1);
  });
});

// Guards that a server which does not come up says why, instead of a time-out.
describe('a startPrivateServer that fails', () => {
  it('gives the error of the server', async () => {
    await expect(start({ serverArguments: ['--no-such-setting=1'] })).rejects.toMatchObject({
      code: 'SERVER_START_FAILED',
      message: expect.stringContaining('no-such-setting'),
      details: { log: expect.arrayContaining([expect.stringContaining('no-such-setting')]) },
    });
  });

  it('names the wanted server and how to get one', async () => {
    const fault = getServerInstallation({ flavour: 'mysql', version: '5.1' });
    await expect(fault).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
      message: expect.stringContaining('mysql 5.1'),
      remedy: expect.stringMatching(/npm run setup.*DATABASE_URL/),
    });
  });

  it('tries only the program that PROTECTION_FLOWS_MYSQLD names', async () => {
    jest.replaceProperty(process, 'env', { ...process.env, PROTECTION_FLOWS_MYSQLD: '/bin/true' });
    await expect(getServerInstallation()).rejects.toMatchObject({
      code: 'SERVER_NOT_FOUND',
      details: { rejected: [expect.stringContaining('/bin/true')] },
    });
  });
});
