import { readFileSync } from 'node:fs';
import type { DataSourceOptions } from 'typeorm';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { settingsFromProgram } from '../../../src/config';
import { connectionOptionsOf, connectorOf } from '../../../src/driver/connector';
import { migrate, rollback } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { catalogRows } from '../../../src/engine/server/queryable';
import { makeCertificates } from '../../support/certificates';
import { useDatabase, usePrivateServer } from '../../support/database';
import { temporaryFolder } from '../../support/temporary-folder';

const files = makeCertificates(temporaryFolder());
const ca = readFileSync(files.ca, 'utf8');

/** Guards that whichever way TLS is asked for, no session of a data source speaks in plain text. */
describe('on a server that has TLS, every session', () => {
  const server = usePrivateServer({
    serverArguments: [`--ssl-ca=${files.ca}`, `--ssl-cert=${files.cert}`, `--ssl-key=${files.key}`],
  });
  const database = useDatabase({ server });

  interface Counts {
    readonly all: number;
    readonly encrypted: number;
  }
  const counts = async (): Promise<Counts> => {
    const rows = await catalogRows<{ Variable_name: string; Value: string }>(
      database.session,
      "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connections', 'Ssl_accepts')",
    );
    const of = (name: string) => Number(rows.find((row) => row.Variable_name === name)?.Value);
    return { all: of('Connections'), encrypted: of('Ssl_accepts') };
  };

  const account = () => {
    const { host, port, username, password, database: name } = database.settings;
    return { host, port, username, password, database: name };
  };
  const set = (options: object): ProtectionFlowsDataSource =>
    createDataSource(account()).setOptions(options as Partial<DataSourceOptions>);

  const ways: Readonly<Record<string, () => ProtectionFlowsDataSource>> = {
    'sslCa in the URL': () =>
      createDataSource({ env: { DATABASE_URL: `${database.url}?sslCa=${encodeURIComponent(files.ca)}` } }),
    'ssl of a program': () => createDataSource({ ...account(), ssl: { ca } }),
    'ssl with the name of the host': () =>
      createDataSource({
        ...account(),
        host: 'localhost',
        ssl: { ca: readFileSync(files.ca), verifyIdentity: true },
      }),
    'several hosts': () => {
      const { host, port, ...rest } = account();
      return createDataSource({ ...rest, hosts: [`${host}:1`, { host, port }], ssl: { ca } });
    },
    replicas: () => {
      const { host, port } = account();
      return createDataSource({ ...account(), replicas: [{ host, port }], ssl: { ca } });
    },
    'ssl that is set': () => set({ ssl: { ca } }),
    'ssl in extra': () => set({ extra: { ssl: { ca } } }),
  };

  it.each(Object.keys(ways))(
    'is encrypted with %s: the first, the pool’s and the migrator’s',
    async (way) => {
      const dataSource = ways[way]!();
      const before = await counts();
      await dataSource.initialize();
      try {
        await migrate(dataSource);
        await rollback(dataSource, { steps: 'all' });
      } finally {
        await dataSource.destroy();
      }
      const after = await counts();
      const made = after.all - before.all;
      expect(made).toBeGreaterThan(2);
      expect(after.encrypted - before.encrypted).toBe(made);
    },
  );

  it('is encrypted when a connector opens it, on the host that answers', async () => {
    const { host, port, ...rest } = account();
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const settings = settingsFromProgram({ ...rest, hosts: [`${host}:1`, { host, port }], ssl: { ca } });
    const connector = connectorOf(settings);
    const options = connectionOptionsOf(settings);
    await connector.findWriter(options);
    const connection = connector.createConnection(options);
    const [rows] = await connection
      .promise()
      .query('SELECT DATABASE() AS name, @@time_zone AS zone FROM DUAL WHERE USER() LIKE ?', [
        `${rest.username}@%`,
      ]);
    expect(rows).toEqual([{ name: database.name, zone: '+00:00' }]);
    const [[cipher]] = (await connection.promise().query("SHOW STATUS LIKE 'Ssl_cipher'")) as unknown as [
      [{ Value: string }],
    ];
    expect(cipher.Value).not.toBe('');
    connection.destroy();
    jest.restoreAllMocks();
  });

  it('fails on a certificate of another authority, before it sends data in plain text', async () => {
    const before = await counts();
    const other = readFileSync(makeCertificates(temporaryFolder()).ca, 'utf8');
    for (const dataSource of [
      createDataSource({ ...account(), ssl: { ca: other } }),
      set({ extra: { ssl: { ca: other } } }),
      set({ ssl: 'Amazon RDS' }),
      createDataSource({ ...account(), host: 'localhost', ssl: true }),
    ]) {
      await expect(dataSource.initialize()).rejects.toMatchObject({ code: 'TLS_FAILED' });
    }
    // The server accepts a handshake before the client refuses its certificate, or counts it as none
    const after = await counts();
    expect(after.all - before.all).toBe(4);
  });

  it('is in plain text without the option, which shows that these tests detect plain text', async () => {
    const before = await counts();
    const dataSource = await createDataSource(account()).initialize();
    await dataSource.destroy();
    const after = await counts();
    expect(after.encrypted).toBe(before.encrypted);
    expect(after.all).toBeGreaterThan(before.all);
  });
});
