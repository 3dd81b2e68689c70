import { createDataSource } from '../../../src/typeorm/create-data-source';
import { createRepositories, type Repositories } from '../../../src/repositories';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDataLayer } from './data-layer';
import { connectRival, type Rival } from './transactions-rival';

const layer = useDataLayer();
const lockRun = 'SELECT id FROM protection_flow_executions WHERE id = ? FOR UPDATE';
const lockFlow = 'SELECT id FROM protection_flows WHERE id = ? FOR UPDATE';

let own: ProtectionFlowsDataSource;
let ownId: number;
let repositories: Repositories;
let rival: Rival;
beforeAll(async () => {
  own = await createDataSource({ ...layer.database.settings, poolSize: 1 }).initialize();
  repositories = createRepositories(own);
  const [row] = await own.query<{ id: number }[]>('SELECT CONNECTION_ID() AS id');
  ownId = Number(row!.id);
  rival = await connectRival(layer.database);
});
afterAll(() => own.destroy());
afterEach(() => rival.rollback());

const flow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;
/** Creates a flow with two ended runs, in the order in which a cascade deletes them. */
const flowWithRuns = async (): Promise<{ id: string; runs: string[] }> => {
  const id = await flow();
  const runs: string[] = [];
  for (let n = 0; n < 2; n += 1) {
    const run = await layer.repositories.executions.start({ flow_id: id, execution_type: 'api' });
    await layer.repositories.executions.finish(run.id, { status: 'success' });
    runs.push(run.id);
  }
  return { id, runs: runs.sort() };
};
const runsOf = (id: string): Promise<number> =>
  layer.count('SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?', [id]);
const isThere = async (id: string): Promise<boolean> => (await layer.repositories.flows.find(id)) !== null;

/**
 * Guards that a flow is deleted with all of its runs, or stays with all of them, when its cascade loses a conflict with
 * another transaction. MySQL 9.6 and later answers such a DELETE as if it had found no row (docs/mysql-cascades.md).
 */
describe('a cascade that loses a conflict with another transaction', () => {
  it('is repeated with its whole transaction, and the flow is deleted', async () => {
    const { id, runs } = await flowWithRuns();
    await rival.hold(lockRun, [runs[1]]);
    const deleted = repositories.flows.delete(id);
    await rival.collide(ownId, lockFlow, [id]);
    await rival.rollback();
    await deleted;
    expect(await isThere(id)).toBe(false);
    expect(await runsOf(id)).toBe(0);
  });

  it('ends a transaction of the caller, which is rolled back completely', async () => {
    const { id, runs } = await flowWithRuns();
    const other = await flow();
    await rival.hold(lockRun, [runs[1]]);
    const transaction = own.manager.transaction(async (manager) => {
      const inside = createRepositories(manager);
      await inside.executions.start({ flow_id: other, execution_type: 'api' });
      await inside.flows.delete(id);
    });
    transaction.catch(() => undefined);
    await rival.collide(ownId, lockFlow, [id]);
    await expect(transaction).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await rival.rollback();
    expect(await isThere(id)).toBe(true);
    expect(await runsOf(id)).toBe(2);
    expect(await runsOf(other)).toBe(0);
  });

  it('is rolled back completely after a lock wait timeout', async () => {
    const { id, runs } = await flowWithRuns();
    await rival.hold(lockRun, [runs[1]]);
    const transaction = own.manager.transaction(async (manager) => {
      await manager.query('SET SESSION innodb_lock_wait_timeout = 1');
      await createRepositories(manager).flows.delete(id);
    });
    await expect(transaction).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await rival.rollback();
    expect(await isThere(id)).toBe(true);
    expect(await runsOf(id)).toBe(2);
  });
});
