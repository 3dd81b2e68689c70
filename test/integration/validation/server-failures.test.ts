import { createConnection, type ConnectionOptions } from 'mysql2/promise';
import { createServer, type AddressInfo } from 'node:net';
import { type ProtectionFlowsError } from '../../../src/errors';
import { fromServerError } from '../../../src/validation/server-errors';
import { useFlowTables } from './flow-tables';

const tables = useFlowTables();

/** Connects, runs a statement, and tells what error of this package the failure is. */
async function failure(
  options: ConnectionOptions,
  sql = 'SELECT 1',
  before?: (connectionId: number) => Promise<unknown>,
): Promise<ProtectionFlowsError | null> {
  const { username: user, ...settings } = tables.database.settings;
  try {
    const connection = await createConnection({ ...settings, user, ...options });
    connection.on('error', () => undefined);
    try {
      await before?.(connection.threadId);
      await connection.query(sql);
    } finally {
      connection.destroy();
    }
  } catch (error) {
    return fromServerError(error);
  }
  throw new Error('it did not fail');
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Guards that errors are recognised by the messages of real servers, not by copied ones.
describe('a failure of a real server', () => {
  const user = `reader_${process.pid}`;
  const host = () => tables.database.settings.host;

  beforeAll(async () => {
    const { session, name } = tables.database;
    await session.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'hunter2'`);
    await session.query(`GRANT SELECT ON \`${name}\`.* TO '${user}'@'%'`);
  });
  afterAll(async () => {
    await tables.database.session.query(`DROP USER '${user}'@'%'`);
  });

  it('is a refused connection when nothing listens, with the address', async () => {
    const port = await closedPort();
    expect(await failure({ host: '127.0.0.1', port })).toMatchObject({
      code: 'CONNECTION_REFUSED',
      details: { host: '127.0.0.1', port },
    });
  });

  it('is a refused connection when the socket is missing', async () => {
    const error = await failure({ socketPath: '/nowhere/mysqld.sock' });
    expect(error).toMatchObject({ code: 'CONNECTION_REFUSED', details: { host: '/nowhere/mysqld.sock' } });
  });

  it('is an unknown host', async () => {
    expect((await failure({ host: 'no-such-host.invalid' }))?.code).toBe('HOST_UNKNOWN');
  });

  it('is denied access, without the password in any text', async () => {
    const error = await failure({ user, password: 'hunter3' });
    expect(error?.code).toBe('ACCESS_DENIED');
    expect(error?.message).toContain(user);
    expect(JSON.stringify(error)).not.toContain('hunter');
  });

  it('is denied access to a database', async () => {
    const error = await failure({ user, password: 'hunter2', database: 'mysql' });
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', details: { database: 'mysql' } });
  });

  it('is a missing database', async () => {
    expect(await failure({ database: 'not_there' })).toMatchObject({
      code: 'DATABASE_MISSING',
      details: { database: 'not_there' },
    });
  });

  it('is a missing privilege, named', async () => {
    const error = await failure(
      { user, password: 'hunter2', host: host() },
      `INSERT INTO protection_flows (name) VALUES ('secret name')`,
    );
    expect(error).toMatchObject({ code: 'PRIVILEGE_MISSING', details: { privilege: 'INSERT' } });
    expect(String(error?.details['object'])).toMatch(/protection_flows$/);
    expect(JSON.stringify(error)).not.toContain('secret name');
  });

  it('is a lost connection when the server ends it', async () => {
    const kill = (id: number) => tables.database.session.query(`KILL ${id}`);
    expect((await failure({}, 'SELECT 1', kill))?.code).toBe('CONNECTION_LOST');
  });

  it('is a lost connection again for every statement after that', async () => {
    const kill = async (id: number) => {
      await tables.database.session.query(`KILL ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    };
    expect((await failure({}, 'SELECT 1', kill))?.code).toBe('CONNECTION_LOST');
  });
});
