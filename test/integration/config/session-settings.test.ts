import * as mysql2 from 'mysql2';
import { DataSource } from 'typeorm';
import { settingsFromProgram } from '../../../src/config';
import { withSessionSettings } from '../../../src/driver/session-settings';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { sessionVariables } from '../../../src/driver/session-variables';
import { hostileSettings } from '../server-settings/hostile-settings';
import { setGlobally } from '../server-settings/set-globally';
import { refusing } from '../../support/refusing-mysql2';
import { useDatabase, usePrivateServer } from '../../support/database';

/** What the statement sets on the server under test, with the values as the server shows them. */
function wantedOn(flavour: 'mariadb' | 'mysql', version: string): Record<string, string> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const { both, mariadb, mariadbOld, mariadbNew, mysql } = sessionVariables;
  const isNew = major > 11 || (major === 11 && minor >= 5);
  const own = flavour === 'mysql' ? mysql : [...mariadb, ...(isNew ? mariadbNew : mariadbOld)];
  return {
    ...Object.fromEntries([...both, ...own].map(({ name, value }) => [name, value.replaceAll("'", '')])),
    character_set_client: 'utf8mb4',
    character_set_results: 'utf8mb4',
    collation_connection: 'utf8mb4_unicode_ci',
  };
}

type Session = Record<string, string>;

const questionAbout = (names: readonly string[]): string =>
  `SELECT CONNECTION_ID() AS id, ${names.map((name) => `CONCAT(@@SESSION.${name}, '') AS ${name}`).join(', ')}`;

const spellings: Readonly<Record<string, string>> = { ON: '1', OFF: '0' };

/** A row of the question's answer, as it would be written in the statement. */
function sessionOf(rows: unknown): Session {
  const [row] = rows as Record<string, unknown>[];
  const shown = (value: unknown): string => {
    const text = String(value).replace(/\.0+$/, '');
    return spellings[text] ?? text;
  };
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, shown(value)]));
}

/** init_connect is not run for accounts that administer the server: the sessions are those of a plain one. */
const account = { user: 'plain', password: 'pl@in' };

describe('sessions on a server with hostile defaults', () => {
  const server = usePrivateServer({
    timeZone: '+05:30',
    serverArguments: [
      '--sql-mode=NO_BACKSLASH_ESCAPES,ANSI_QUOTES',
      '--init-connect=SET autocommit=0, foreign_key_checks=0, unique_checks=0, sql_safe_updates=1, sql_quote_show_create=0, NAMES latin1',
      '--completion-type=CHAIN',
    ],
  });
  const database = useDatabase({ server, platform: 'none' });
  const wanted = () => wantedOn(server.flavour, server.version);
  const ask = () => questionAbout(Object.keys(wanted()));

  beforeAll(async () => {
    await setGlobally(database.session, [
      ...Object.values(hostileSettings).flat(),
      ['check_constraint_checks', '0'],
    ]);
    await database.connection.query(`CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}'`);
    await database.connection.query(`GRANT ALL ON \`${database.name}\`.* TO '${account.user}'@'%'`);
  });

  const settings = () =>
    settingsFromProgram({
      source: 'test',
      host: server.host,
      port: server.port,
      username: account.user,
      password: account.password,
      database: database.name,
      poolSize: 5,
    });
  const address = () => ({ host: server.host, port: server.port, database: database.name, ...account });

  it('would have other values without the wrapper, because the server sets each one differently', async () => {
    const plain = await new Promise<Session>((resolve, reject) => {
      const connection = mysql2.createConnection(address());
      connection.query({ sql: ask(), values: [] }, (error, rows) => {
        connection.destroy();
        if (error) reject(error);
        else resolve(sessionOf(rows));
      });
    });
    expect(Object.entries(wanted()).filter(([name, value]) => plain[name] === value)).toEqual([]);
  });

  it('have the settings: the first one, simultaneous ones, and one opened after a lost connection', async () => {
    const dataSource = await new DataSource({
      ...dataSourceOptions(settings()),
      type: server.flavour,
    }).initialize();
    try {
      const answer = async (): Promise<Session> => sessionOf(await dataSource.query(ask()));
      const first = await answer();
      const runners = Array.from({ length: 5 }, () => dataSource.createQueryRunner());
      const atOnce = await Promise.all(runners.map(async (runner) => sessionOf(await runner.query(ask()))));
      await Promise.all(runners.map((runner) => runner.release()));
      expect(new Set(atOnce.map(({ id }) => id)).size).toBe(5);
      for (const { id } of atOnce) await database.connection.query(`KILL ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const afterLoss = await answer();
      expect(atOnce.map(({ id }) => id)).not.toContain(afterLoss.id);
      for (const session of [first, ...atOnce, afterLoss]) expect(session).toMatchObject(wanted());
    } finally {
      await dataSource.destroy();
    }
  });

  it('keep a value from breaking out of its quotes', async () => {
    const dataSource = await new DataSource({
      ...dataSourceOptions(settings()),
      type: server.flavour,
    }).initialize();
    try {
      const value = String.raw`\' OR 1=1 -- `;
      expect(await dataSource.query('SELECT ? AS value', [value])).toEqual([{ value }]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('have the settings in a pool cluster and in a single connection', async () => {
    const driver = withSessionSettings(mysql2);
    const cluster = driver.createPoolCluster();
    cluster.add('MASTER', address());
    cluster.add('SLAVE0', address());
    const answer = (pattern: string): Promise<Session> =>
      new Promise((resolve, reject) => {
        cluster.getConnection(pattern, (error, connection) => {
          if (error) return reject(error);
          connection.query(ask(), (refusal: Error | null, rows: unknown) => {
            connection.release();
            if (refusal) reject(refusal);
            else resolve(sessionOf(rows));
          });
        });
      });
    for (const pattern of ['MASTER', 'SLAVE*', 'MASTER'])
      expect(await answer(pattern)).toMatchObject(wanted());
    cluster.end();

    const connection = driver.createConnection(address());
    const [rows] = await connection.promise().query(ask());
    expect(sessionOf(rows)).toMatchObject(wanted());
    connection.destroy();
  });
});

describe('a connection that fails', () => {
  const database = useDatabase({ platform: 'none' });
  const options = () => {
    const { host, port, username: user } = database.settings;
    return { host, port, user, password: 'wrong', database: database.name };
  };
  const denied = { code: 'ER_ACCESS_DENIED_ERROR', errno: 1045 };

  it('fails from a pool as in mysql2', async () => {
    const pool = withSessionSettings(mysql2).createPool(options());
    await expect(pool.promise().query('SELECT 1')).rejects.toMatchObject(denied);
    pool.end();
  });

  it('fails from a single connection as in mysql2, in query() and in connect()', async () => {
    const connect = () => withSessionSettings(mysql2).createConnection(options());
    await expect(connect().promise().query('SELECT 1')).rejects.toMatchObject(denied);
    await expect(connect().promise().connect()).rejects.toMatchObject(denied);
    await expect(
      withSessionSettings(mysql2)
        .createConnection({ ...options(), port: 1 })
        .promise()
        .connect(),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a session that refuses the settings', () => {
  const database = useDatabase({ platform: 'none' });

  const options = () => {
    const { host, port, username: user, password, database: name } = database.settings;
    return { host, port, user, password, database: name, connectionLimit: 1 };
  };
  const tableName = 'made_by_a_refused_session';
  const tables = async () => (await database.session.query(`SHOW TABLES LIKE '${tableName}'`)) as unknown[];

  it('is closed, and its caller gets the reason', async () => {
    const pool = withSessionSettings(refusing()).createPool(options());
    const promise = pool.promise();
    await expect(promise.query(`CREATE TABLE ${tableName} (id INT)`)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('1193') as string,
      details: { errno: 1193 },
    });
    // The next waiting caller does not wait for ever
    await expect(promise.query('SELECT 1')).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    expect(await tables()).toEqual([]);
    await promise.end();
  });

  it('executes nothing on a single connection', async () => {
    const connection = withSessionSettings(refusing()).createConnection(options());
    const heard: unknown[] = [];
    connection.on('error', (error) => heard.push((error as { code?: string }).code));
    await expect(connection.promise().query(`CREATE TABLE ${tableName} (id INT)`)).rejects.toThrow();
    expect(heard).toContain('QUERY_FAILED');
    expect(await tables()).toEqual([]);
  });
});
