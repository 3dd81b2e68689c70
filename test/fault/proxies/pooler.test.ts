import {
  createDataSource,
  createRepositories,
  isProtectionFlowsError,
  migrate,
  type ProtectionFlowsDataSource,
} from '../../../src';
import { openDatabase } from '../../../src/engine';
import { subject } from '../../../src/migrations';
import { connectionUrl, createFlow, createSchedule } from '../../../src/testing';
import { openDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import type { errorAnswer } from '../races/wire';
import { Pooler } from './pooler';

let pooler: Pooler;
let dataSource: ProtectionFlowsDataSource;
// Before the hook of useDatabase drops the database
afterEach(async () => {
  if (dataSource.isInitialized) await dataSource.destroy();
  await pooler.close();
});

const database = useDatabase({ per: 'each' });

beforeEach(async () => {
  pooler = await Pooler.open(database.settings);
  const url = connectionUrl({ ...database.settings, port: pooler.port }, database.name);
  dataSource = createDataSource({ env: { DATABASE_URL: url } });
});

/** Errors of servers and proxies that refuse a statement. */
const refusals: readonly Parameters<typeof errorAnswer>[] = [
  [1064, '42000', 'You have an error in your SQL syntax'],
  [1148, '42000', 'Command not supported'],
  [1295, 'HY000', 'This command is not supported'],
];

/** How many timers keep the program running. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Guards what docs/scale-out.md says of a proxy that refuses the first statement of a session. */
describe.each(refusals)('a proxy that refuses the first statement of each session with %i', (...refusal) => {
  const refused = { code: 'QUERY_FAILED', details: { errno: refusal[0] } };
  const refuse = (): void => {
    pooler.refuses = (sql) => (sql.startsWith('SET NAMES') ? refusal : null);
  };

  it('is detected by each new connection at once, and no statement reaches the server', async () => {
    refuse();
    const before = timers();
    await expect(dataSource.initialize()).rejects.toMatchObject(refused);
    const settings = { ...database.settings, port: pooler.port };
    await expect(openDatabase(subject, settings)).rejects.toMatchObject(refused);
    expect(pooler.sent).toEqual([]);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('is detected at once by the call that opens another session', async () => {
    await dataSource.initialize();
    await migrate(dataSource);
    const { flows } = createRepositories(dataSource);
    await dataSource.transaction(async () => {
      refuse();
      await expect(flows.find('none')).rejects.toMatchObject(refused);
      pooler.refuses = () => null;
      expect(await flows.find('none')).toBeNull();
    });
  });
});

/** Guards what docs/scale-out.md says of a proxy that sends each statement through another session of the server. */
describe('a proxy that sends each statement through another session', () => {
  /** Opens several sessions, then makes the proxy spread the statements over them. */
  async function lend(): Promise<void> {
    await dataSource.initialize();
    const runners = [1, 2, 3].map(() => dataSource.createQueryRunner());
    for (const runner of runners) await runner.connect();
    for (const runner of runners) await runner.release();
    pooler.lends = true;
  }

  it('is detected by migrate before it changes anything; the printed fix lets the next migrate work', async () => {
    await lend();
    const fault: unknown = await migrate(dataSource).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'LOCK_LOST', consequence: 'Nothing was changed.' });
    expect(pooler.sent.filter((sql) => /^(CREATE|ALTER|INSERT|UPDATE|DELETE)/.test(sql))).toEqual([]);
    const [kill] = /KILL \d+/.exec(isProtectionFlowsError(fault) ? fault.remedy : '')!;
    await database.session.query(kill);
    const direct = await openDataSource(database);
    await expect(migrate(direct, { lockWaitMs: 0 })).resolves.toMatchObject({ ok: true });
    await direct.destroy();
  });

  it('is not detected by a repository: a failed transaction leaves rows', async () => {
    const direct = await openDataSource(database);
    await migrate(direct);
    const { id: schedule_id } = await createSchedule(database.session);
    const { id: flow_id } = await createFlow(direct.manager, { schedule_id });
    await lend();
    const failing = dataSource.transaction(async (manager) => {
      await createRepositories(manager).executions.enqueue({ flow_id, execution_type: 'api' });
      throw new Error('ours');
    });
    await expect(failing).rejects.toThrow('ours');
    expect((await createRepositories(direct).executions.history(flow_id)).items).toHaveLength(1);
    await direct.destroy();
  });
});
