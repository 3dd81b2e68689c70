import type { EntityManager } from 'typeorm';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories } from '../../../src/repositories';
import { useDataLayer } from './data-layer';
import { connectRival, type Rival } from './transactions-rival';

const layer = useDataLayer({ platform: 'none' });

/** A data source with one connection, and the id of its session. */
let own: ProtectionFlowsDataSource;
let ownId: number;

beforeAll(async () => {
  own = await createDataSource({ ...layer.database.settings, poolSize: 1 }).initialize();
  const [row] = await own.query<{ id: number }[]>('SELECT CONNECTION_ID() AS id');
  ownId = Number(row!.id);
});
afterAll(() => own.destroy());

const flow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;
const startedRun = async (flow_id: string): Promise<string> =>
  (await layer.repositories.executions.start({ flow_id, execution_type: 'api' })).id;

// Guards that a caller who catches the error cannot unknowingly commit half of the transaction.
describe.each([
  ['a lock wait timeout', 1205],
  ['a deadlock', 1213],
])('a transaction of the caller’s that %s has ended', (_fault, errno) => {
  let rival: Rival;
  let busy: string;
  let busyRun: string;
  let other: string;
  beforeAll(() => own.query(`SET SESSION innodb_lock_wait_timeout = ${errno === 1205 ? 1 : 50}`));
  beforeEach(async () => {
    rival = await connectRival(layer.database);
    [busy, other] = [await flow(), await flow()];
    busyRun = await startedRun(busy);
    await rival.hold('UPDATE protection_flows SET description = ? WHERE id = ?', ['held', busy]);
  });
  afterEach(() => rival.rollback());

  const aborted = { code: 'TRANSACTION_ABORTED', details: { errno } };

  /** Writes one flow, then loses the conflict for another flow's row; the caller catches the error. */
  async function lose(manager: EntityManager): Promise<void> {
    const { flows, executions } = createRepositories(manager);
    await flows.update(other, { description: 'half' });
    const lost = executions.finish(busyRun, { status: 'success' });
    lost.catch(() => undefined);
    if (errno === 1213)
      await rival.collide(ownId, 'UPDATE protection_flow_executions SET error_message = ? WHERE id = ?', [
        'wanted',
        busyRun,
      ]);
    await expect(lost).rejects.toMatchObject(aborted);
  }

  const goOn: Readonly<Record<string, (manager: EntityManager) => Promise<unknown>>> = {
    'with COMMIT': (manager) => lose(manager),
    'with a call of a repository': async (manager) => {
      await lose(manager);
      const update = createRepositories(manager).flows.update(other, { description: 'other half' });
      await expect(update).rejects.toMatchObject(aborted);
    },
    'with statements of its own': async (manager) => {
      await lose(manager);
      for (const sql of [
        'UPDATE protection_flows SET created_by = 1',
        'COMMIT',
        'START TRANSACTION',
        'RELEASE SAVEPOINT a',
      ])
        await expect(manager.query(sql)).rejects.toMatchObject(aborted);
    },
    'after a nested transaction': async (manager) => {
      await createRepositories(manager).flows.update(other, { description: 'outer half' });
      await expect(manager.transaction(lose)).rejects.toMatchObject(aborted);
      await expect(manager.transaction(async () => undefined)).rejects.toMatchObject(aborted);
    },
  };
  it.each(Object.keys(goOn))('is not committed when the caller continues %s', async (title) => {
    const before = await layer.repositories.flows.get(other);
    await expect(own.manager.transaction(goOn[title]!)).rejects.toMatchObject(aborted);
    expect(await layer.repositories.flows.get(other)).toEqual(before);
  });

  it('leaves its runner usable once it is rolled back', async () => {
    const runner = own.createQueryRunner();
    await runner.startTransaction();
    await lose(runner.manager);
    await expect(runner.commitTransaction()).rejects.toMatchObject(aborted);
    await runner.rollbackTransaction();
    await runner.startTransaction();
    await createRepositories(runner.manager).flows.update(other, { description: 'whole' });
    await runner.commitTransaction();
    await runner.release();
    expect(await layer.repositories.flows.get(other)).toMatchObject({ description: 'whole' });
  });
});
