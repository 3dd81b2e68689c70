import * as mysql2 from 'mysql2';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { withSessionSettings } from '../../../src/driver/session-settings';
import { entities } from '../../../src/entities';
import { createRepositories } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

const strict = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO';

/** mysql2 whose sessions begin with this time zone and sql_mode, as on a server with such defaults. */
function mysql2On(zone: string, mode: string): typeof mysql2 {
  return {
    ...mysql2,
    createPool: (options: mysql2.PoolOptions) => {
      const pool = mysql2.createPool(options);
      pool.on('connection', (connection) =>
        connection.query(`SET SESSION time_zone = '${zone}', SESSION sql_mode = '${mode}'`),
      );
      return pool;
    },
  } as typeof mysql2;
}

type Options = Readonly<Record<string, unknown>>;

/** Unfit options of a plain DataSource, with a word of the error. The time zone of the process is that of St John's. */
const unfit: readonly [string, Options, string][] = [
  ['sessions in another time zone', { driver: mysql2On('+05:00', strict), timezone: 'Z' }, 'time zone'],
  [
    'session and driver in another time zone',
    { driver: mysql2On('+05:00', strict), timezone: '+05:00' },
    'time zone',
  ],
  ['a driver in another time zone', { driver: mysql2On('+00:00', strict), timezone: '+05:00' }, 'driver'],
  ['a driver in the time zone of the process', { driver: mysql2On('+00:00', strict) }, 'driver'],
  [
    'a driver that returns dates as texts',
    { driver: mysql2On('+00:00', strict), timezone: 'Z', dateStrings: true },
    'driver',
  ],
  [
    'sessions in which a backslash is no escape',
    { driver: mysql2On('+00:00', `${strict},NO_BACKSLASH_ESCAPES`), timezone: 'Z' },
    'NO_BACKSLASH_ESCAPES',
  ],
  [
    'sessions in which quoted texts are names',
    { driver: mysql2On('+00:00', `${strict},ANSI_QUOTES`), timezone: 'Z' },
    'ANSI_QUOTES',
  ],
  ['sessions that cut values', { driver: mysql2On('+00:00', ''), timezone: 'Z' }, 'strict'],
];

/** Guards that no time is read or written hours off, and no text is cut, on a DataSource of another program. */
describe('the repositories on a plain DataSource', () => {
  const database = useDatabase();
  useDataSource(database);
  const opened: DataSource[] = [];
  const statements: string[] = [];

  const open = async (options: Options): Promise<DataSource> => {
    const plain = new DataSource({
      type: sharedServer().flavour,
      ...database.settings,
      entities,
      logging: true,
      logger: {
        logQuery: (sql: string) => statements.push(sql),
        log() {},
        logMigration() {},
        logQueryError() {},
        logQuerySlow() {},
        logSchemaBuild() {},
      },
      ...options,
    } as DataSourceOptions);
    opened.push(plain);
    await plain.initialize();
    statements.length = 0;
    return plain;
  };
  afterEach(async () => {
    for (const plain of opened.splice(0)) await plain.destroy();
  });

  it.each(unfit)('are refused with %s, and nothing is read or written', async (_what, options, word) => {
    const { flows } = createRepositories(await open(options));
    const refusal = { code: 'SESSION_UNFIT', message: expect.stringContaining(word) as string };
    await expect(flows.list()).rejects.toMatchObject(refusal);
    await expect(flows.create(buildFlow())).rejects.toMatchObject(refusal);
    expect(statements.filter((sql) => /protection_flow|INSERT|UPDATE/.test(sql))).toEqual([]);
  });

  it('are refused before it is connected and after it is closed, and the error names initialize()', async () => {
    const plain = new DataSource({
      type: sharedServer().flavour,
      ...database.settings,
      entities,
      driver: withSessionSettings(mysql2),
    } as DataSourceOptions);
    const { flows, executions, dueFlows, retention, targets } = createRepositories(plain);
    const calls = [
      () => flows.list(),
      () => flows.create(buildFlow()),
      () => flows.deleteMany(['f']),
      () => flows.summary(),
      () => executions.get('e'),
      () => executions.start({ flow_id: 'f', execution_type: 'manual' }),
      () => dueFlows.claimDue({ worker: 'w' }),
      () => retention.prune({ olderThanMs: 1 }),
      () => targets.check('f'),
    ];
    const refusal = {
      code: 'VALIDATION_FAILED',
      message: 'repository is not valid: dataSource must be initialized: await initialize() first',
    };
    for (const call of calls) await expect(call()).rejects.toMatchObject(refusal);
    await plain.initialize();
    await flows.list();
    await plain.destroy();
    for (const call of calls) await expect(call()).rejects.toMatchObject(refusal);
  });

  it('are refused in each repository, also in a transaction', async () => {
    const plain = await open({ driver: mysql2On('+05:00', strict) });
    const { flows, executions, dueFlows, retention, targets } = createRepositories(plain);
    const calls = [
      () => flows.get('f'),
      () => executions.get('e'),
      () => dueFlows.claimDue({ worker: 'w' }),
      () => retention.prune({ olderThanMs: 1 }),
      () => targets.check('f'),
      () => plain.transaction((manager) => createRepositories(manager).flows.get('f')),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'SESSION_UNFIT' });
  });

  it('work on sessions with the right settings, which they check once', async () => {
    const { flows } = createRepositories(await open({ driver: mysql2On('+00:00', strict), timezone: 'Z' }));
    await Promise.all([flows.list(), flows.list(), flows.list()]);
    await flows.list();
    expect(statements.filter((sql) => sql.includes('time_zone'))).toHaveLength(1);
  });

  it('work without a check with the driver of withSessionSettings, whatever the other options', async () => {
    const plain = await open({ driver: withSessionSettings(mysql2), timezone: '+05:00' });
    const flow = await createRepositories(plain).flows.create(buildFlow());
    expect(statements.filter((sql) => sql.includes('time_zone'))).toEqual([]);
    const [row] = await plain.query<{ seconds: number }[]>(
      'SELECT UNIX_TIMESTAMP(created_at) AS seconds FROM protection_flows WHERE id = ?',
      [flow.id],
    );
    expect(flow.created_at.getTime()).toBe(Number(row?.seconds) * 1000);
  });
});
