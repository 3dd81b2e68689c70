import { createConnection } from 'mysql2/promise';
import { connectionUrl, createThrowAwayDatabase } from '../../../src/testing';
import { sharedServer } from '../../support/shared-server';

// Guards that tests do not meet in one database, and that awkward names survive every place they pass through.
describe('createThrowAwayDatabase', () => {
  it('makes independent databases', async () => {
    const [one, two] = await Promise.all([
      createThrowAwayDatabase(sharedServer()),
      createThrowAwayDatabase(sharedServer()),
    ]);
    expect(one.name).not.toBe(two.name);
    await Promise.all([one.drop(), two.drop()]);
  });

  it.each(['my platform-db', 'tick`ed', 'a/b?c#d%e', 'ünïcode'])('takes the name %s', async (name) => {
    const database = await createThrowAwayDatabase(sharedServer(), { name });
    const connection = await createConnection(database.url);
    const [rows] = await connection.query('SELECT DATABASE() AS name');
    await connection.end();
    await database.drop();
    expect(rows).toEqual([{ name }]);
    expect(database.settings.database).toBe(name);
  });

  it('gives the database the wished charset and collation', async () => {
    const options = { charset: 'latin1', collation: 'latin1_swedish_ci' };
    const database = await createThrowAwayDatabase(sharedServer(), options);
    const connection = await createConnection(database.url);
    const [rows] = await connection.query(
      'SELECT @@character_set_database AS charset, @@collation_database AS collation',
    );
    await connection.end();
    await database.drop();
    expect(rows).toEqual([options]);
  });

  it.each([
    'localhost',
    '',
    'http://root:hidden@localhost',
    'mysql://root:hidden%@localhost',
    'mysql://:70000',
  ])('refuses a wrong address, and shows no password: %s', async (address) => {
    const error: unknown = await createThrowAwayDatabase(address).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', details: { fields: [{ field: 'server' }] } });
    expect(String(error)).not.toContain('hidden');
  });

  it.each([
    ['CONNECTION_REFUSED', { port: 1 }],
    ['ACCESS_DENIED', { password: 'wrong' }],
  ])('fails with a code when it cannot connect: %s', async (code, wrong) => {
    const { host, port, username, password } = sharedServer();
    const address = { host, port, username, password, ...wrong };
    await expect(createThrowAwayDatabase(address)).rejects.toMatchObject({ code });
    await expect(createThrowAwayDatabase(connectionUrl(address))).rejects.toMatchObject({ code });
  });

  it('accepts the address of a server instead of a private server, and drops its databases there', async () => {
    const { host, port, username, password } = sharedServer();
    const url = `mysql://${username}:${encodeURIComponent(password)}@${host}:${port}`;
    const database = await createThrowAwayDatabase(url);
    await database.drop();
    await database.drop();
    await expect(createConnection(database.url)).rejects.toMatchObject({ errno: 1049 });
  });
});
