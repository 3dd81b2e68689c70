import type { EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { isProtectionFlowsError } from '../../../src/errors';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories, type Repositories } from '../../../src/repositories';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from './data-layer';
import { watchStatements } from './explain-statements';
import { connectRival, type Rival } from './transactions-rival';

const layer = useDataLayer();
const past = new Date('2026-01-01T00:00:00Z');

/** A data source with one connection, the id of its session, and the statements sent on it. */
let own: ProtectionFlowsDataSource;
let ownId: number;
let sent: string[] = [];
let repositories: Repositories;

beforeAll(async () => {
  own = await createDataSource({ ...layer.database.settings, poolSize: 1 }).initialize();
  repositories = createRepositories(own);
  const [row] = await own.query<{ id: number }[]>('SELECT CONNECTION_ID() AS id');
  ownId = Number(row!.id);
  watchStatements(own, ({ sql }) => {
    sent.push(sql.trim().replace(/\s+/g, ' '));
  });
});
afterAll(() => own.destroy());
beforeEach(() => {
  sent = [];
});

const sentLike = (pattern: RegExp): number => sent.filter((sql) => pattern.test(sql)).length;
const flow = async (overrides = {}): Promise<string> =>
  (await layer.repositories.flows.create(layer.newFlow(overrides))).id;
const startedRun = async (flow_id: string): Promise<string> =>
  (await layer.repositories.executions.start({ flow_id, execution_type: 'api' })).id;
const isRow = async (table: string, id: string): Promise<boolean> =>
  (await layer.count(`SELECT COUNT(*) FROM ${table} WHERE id = ?`, [id])) === 1;
const isRun = (id: string): Promise<boolean> => isRow('protection_flow_executions', id);
const undo = new Error('undone by the caller');

/** Runs the work in a transaction of the caller, and rolls it back. */
async function rolledBack(work: (at: Repositories, manager: EntityManager) => Promise<void>): Promise<void> {
  const transaction = own.manager.transaction(async (manager) => {
    await work(createRepositories(manager), manager);
    throw undo;
  });
  await expect(transaction).rejects.toBe(undo);
}

// Guards that no call commits or repeats a transaction of its caller.
describe('a call in a transaction of the caller', () => {
  it('sees the writes of the transaction, and is rolled back with it', async () => {
    const schedule_id = layer.platform.schedules[0];
    const busy = await flow();
    const run = await startedRun(busy);
    const made: string[] = [];
    await rolledBack(async ({ flows, executions, dueFlows }, manager) => {
      const { id } = await flows.create(layer.newFlow({ schedule_id }));
      made.push(id);
      await flows.update(id, { description: 'changed' });
      await manager.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [past, id]);
      const { claimed } = await dueFlows.claimDue({ worker: 'caller' });
      expect(claimed.map((claim) => claim.flow.id)).toEqual([id]);
      const [{ execution }] = claimed as [(typeof claimed)[0]];
      expect(await executions.recordJobs(execution.id, ['job-1'])).toBe(true);
      expect(await executions.progress(execution.id, { jobs_completed: 1 })).toBe(true);
      expect(await executions.settle(execution.id, new Map([['job-1', 'completed']]))).toMatchObject({
        settled: true,
      });
      const queued = await executions.enqueue({ flow_id: id, execution_type: 'api' });
      expect(await executions.begin(queued.id)).toBe(true);
      expect(await executions.finish(run, { status: 'error' })).toBe(true);
      expect(await flows.get(id)).toMatchObject({
        description: 'changed',
        last_execution_id: queued.id,
        last_execution_status: 'running',
        total_executions: 2,
      });
      await flows.delete(busy);
      expect(await flows.find(busy)).toBeNull();
    });
    expect(await isRow('protection_flows', made[0]!)).toBe(false);
    expect(await layer.repositories.executions.get(run)).toMatchObject({ status: 'running' });
    expect(await layer.repositories.flows.get(busy)).toMatchObject({ total_executions: 1 });
    expect(sentLike(/^(COMMIT|SAVEPOINT|RELEASE)/)).toBe(0);
    expect(sentLike(/^START TRANSACTION/)).toBe(1);
  });

  it('is committed with it, also by withManager', async () => {
    const flow_id = await flow();
    const id = uuidv7();
    await own.manager.transaction(async (manager) => {
      await repositories.executions.withManager(manager).start({ id, flow_id, execution_type: 'api' });
      expect(await isRun(id)).toBe(false);
    });
    expect(await isRun(id)).toBe(true);
  });

  it('leaves nothing of a refused start, and the rest can be committed', async () => {
    const [busy, other] = [await flow(), await flow()];
    const running = await startedRun(busy);
    const refused = uuidv7();
    await own.manager.transaction(async (manager) => {
      const { executions, flows } = createRepositories(manager);
      await flows.update(other, { description: 'before' });
      const start = executions.start({ id: refused, flow_id: busy, execution_type: 'api' });
      await expect(start).rejects.toMatchObject({
        code: 'FLOW_STILL_RUNNING',
        details: { executionId: running },
      });
      await executions.start({ flow_id: other, execution_type: 'api' });
    });
    expect(await isRun(refused)).toBe(false);
    const { flows } = layer.repositories;
    expect(await flows.get(busy)).toMatchObject({
      last_execution_id: running,
      last_execution_status: 'running',
    });
    expect(await flows.get(other)).toMatchObject({ description: 'before', last_execution_status: 'running' });
  });

  it('can be rolled back to a savepoint of the caller, and the rest can be committed', async () => {
    const flow_id = await flow();
    await own.manager.transaction(async (manager) => {
      await createRepositories(manager).flows.update(flow_id, { description: 'kept' });
      const inner = manager.transaction(async (nested) => {
        await createRepositories(nested).executions.start({ flow_id, execution_type: 'api' });
        throw undo;
      });
      await expect(inner).rejects.toBe(undo);
    });
    expect(await layer.repositories.flows.get(flow_id)).toMatchObject({
      description: 'kept',
      last_execution_id: null,
      last_execution_status: 'pending',
    });
    expect(
      await layer.count('SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?', [flow_id]),
    ).toBe(0);
  });

  // Guards that a transaction with a snapshot from before a run began does not begin a second run
  it.each(['start', 'begin', 'claimDue', 'claimQueued'] as const)(
    'does not overlook a run that began after the first read of the transaction: %s',
    async (call) => {
      const flow_id = await flow({ schedule_id: layer.platform.schedules[0] });
      const queued = await layer.repositories.executions.enqueue({ flow_id, execution_type: 'api' });
      await layer.database.session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [
        past,
        flow_id,
      ]);
      const attempt = own.manager.transaction('REPEATABLE READ', async (manager) => {
        const { flows, executions, dueFlows } = createRepositories(manager);
        await flows.get(flow_id);
        await startedRun(flow_id);
        if (call === 'start') await executions.start({ flow_id, execution_type: 'api' });
        if (call === 'begin') await executions.begin(queued.id);
        if (call === 'claimDue') await dueFlows.claimDue({ worker: 'caller', limit: 1_000 });
        if (call === 'claimQueued') await dueFlows.claimQueued({ worker: 'caller', limit: 1_000 });
      });
      // MariaDB from 11.6 gives the transaction up instead: its snapshot is too old
      const fault = await attempt.then(
        () => null,
        (error: unknown) => error,
      );
      const isRightly = ['FLOW_STILL_RUNNING', 'TRANSACTION_ABORTED'] as const;
      if (fault !== null && !isRightly.some((code) => isProtectionFlowsError(fault, code))) throw fault;
      expect(
        await layer.count(
          "SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ? AND status = 'running'",
          [flow_id],
        ),
      ).toBe(1);
      await layer.repositories.flows.delete(flow_id);
    },
  );
});

// Guards that callers see no deadlocks of single calls, and that no half of a caller's transaction is repeated.
describe('a deadlock', () => {
  let rival: Rival;
  beforeEach(async () => {
    rival = await connectRival(layer.database);
  });
  afterEach(() => rival.rollback());

  const lockFlow = 'UPDATE protection_flows SET description = ? WHERE id = ?';
  const touchRun = 'UPDATE protection_flow_executions SET error_message = ? WHERE id = ?';
  const endings = /^UPDATE protection_flow_executions e JOIN/;

  it('of a single statement makes the call repeat it, and succeed', async () => {
    const flow_id = await flow();
    const run = await startedRun(flow_id);
    await rival.hold(lockFlow, ['held', flow_id]);
    const finished = repositories.executions.finish(run, { status: 'success' });
    await rival.collide(ownId, touchRun, ['wanted', run]);
    await rival.rollback();
    expect(await finished).toBe(true);
    expect(sentLike(endings)).toBeGreaterThan(1);
    expect(await layer.repositories.flows.get(flow_id)).toMatchObject({ total_executions: 1 });
  });

  it('of an own transaction of the call makes the call repeat it from its beginning, and succeed', async () => {
    const flow_id = await flow();
    const id = uuidv7();
    await rival.hold(
      'INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES (?, ?, ?)',
      [id, await flow(), 'api'],
    );
    const started = repositories.executions.start({ id, flow_id, execution_type: 'api' });
    await rival.collide(ownId, lockFlow, ['wanted', flow_id]);
    await rival.rollback();
    expect(await started).toMatchObject({ id, status: 'running' });
    expect(sentLike(/^START TRANSACTION/)).toBeGreaterThan(1);
    expect(sentLike(/^COMMIT/)).toBe(1);
    expect(await layer.repositories.flows.get(flow_id)).toMatchObject({ last_execution_id: id });
  });

  it('that recurs for seconds, as on a node that lags behind its cluster, is retried for as long', async () => {
    const id = await flow();
    await layer.database.session.query(
      `CREATE TRIGGER lags BEFORE INSERT ON protection_flow_executions FOR EACH ROW
         IF UNIX_TIMESTAMP(SYSDATE()) < ${Date.now() / 1_000 + 4} THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1213; END IF`,
    );
    const run = startedRun(id).finally(() => layer.database.session.query('DROP TRIGGER lags'));
    await expect(run.then(isRun)).resolves.toBe(true);
  });

  it('inside a transaction of the caller ends the transaction, and no statement is repeated', async () => {
    const flow_id = await flow();
    const run = await startedRun(flow_id);
    await rival.hold(lockFlow, ['held', flow_id]);
    const before = uuidv7();
    const other = await flow();
    const transaction = own.manager.transaction(async (manager) => {
      const { executions } = createRepositories(manager);
      await executions.start({ id: before, flow_id: other, execution_type: 'api' });
      await executions.finish(run, { status: 'success' });
    });
    transaction.catch(() => undefined);
    await rival.collide(ownId, touchRun, ['wanted', run]);
    await expect(transaction).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { errno: 1213 },
    });
    expect(sentLike(endings)).toBe(1);
    expect(sentLike(/^START TRANSACTION/)).toBe(1);
    await rival.rollback();
    expect(await isRun(before)).toBe(false);
    expect(await layer.repositories.executions.get(run)).toMatchObject({ status: 'running' });
  });
});

// Guards that a call does not fail because of a lock that is released a little later.
describe('a lock wait timeout', () => {
  let rival: Rival;
  beforeAll(() => own.query('SET SESSION innodb_lock_wait_timeout = 1'));
  beforeEach(async () => {
    rival = await connectRival(layer.database);
  });
  afterEach(() => rival.rollback());

  const lockFlow = 'UPDATE protection_flows SET description = ? WHERE id = ?';

  it('makes the call wait again, and succeed once the lock is free', async () => {
    const flow_id = await flow();
    await rival.hold(lockFlow, ['held', flow_id]);
    const started = repositories.executions.start({ flow_id, execution_type: 'api' });
    await waitFor(() => sentLike(/^START TRANSACTION/) > 1);
    await rival.rollback();
    expect(await started).toMatchObject({ status: 'running' });
    expect(sentLike(/^COMMIT/)).toBe(1);
  });

  it('inside a transaction of the caller fails the call, and no statement is repeated', async () => {
    const flow_id = await flow();
    await rival.hold(lockFlow, ['held', flow_id]);
    const other = await flow();
    const transaction = own.manager.transaction(async (manager) => {
      const { executions } = createRepositories(manager);
      await executions.start({ flow_id: other, execution_type: 'api' });
      await executions.start({ flow_id, execution_type: 'api' });
    });
    await expect(transaction).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { errno: 1205 },
    });
    expect(sentLike(/FOR UPDATE$/)).toBe(2);
    expect(sentLike(/^START TRANSACTION/)).toBe(1);
    expect(await layer.repositories.flows.get(other)).toMatchObject({ last_execution_id: null });
  });
});
