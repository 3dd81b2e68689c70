import { uuidv7 } from 'uuidv7';
import { isProtectionFlowsError } from '../../src/errors';
import { createRepositories } from '../../src/repositories';
import { useDataSource } from '../support/data-source';
import { useDataLayer } from '../integration/repositories/data-layer';
import { watchStatements } from '../integration/repositories/explain-statements';

// Without these, a running run could be reported as ended, and its outcome lost.
describe('a call while its run changes', () => {
  const layer = useDataLayer();
  const late = useDataSource(layer.database, { migrated: false });

  /** The code of an aborted transaction; rethrows other errors. MariaDB from 11.6 aborts one whose snapshot is too old. */
  const codeOfAborted = (error: unknown): string => {
    if (isProtectionFlowsError(error, 'TRANSACTION_ABORTED')) return error.code;
    throw error;
  };

  async function queuedRun(): Promise<string> {
    const { flows, executions } = layer.repositories;
    const flow_id = (await flows.create(layer.newFlow())).id;
    return (await executions.enqueue({ flow_id, execution_type: 'api' })).id;
  }

  it('ends a pending run that begins while the call looks for the reason of its refusal', async () => {
    const id = await queuedRun();
    let isBegun = false;
    watchStatements(late(), async ({ sql }) => {
      if (isBegun || !/^SELECT status\b/.test(sql)) return;
      isBegun = true;
      await layer.repositories.executions.begin(id);
    });
    const finished = await createRepositories(late()).executions.finish(id, { status: 'success' });
    expect([isBegun, finished]).toEqual([true, true]);
    expect(await layer.repositories.executions.get(id)).toMatchObject({ status: 'success' });
  });

  it('does not reap a run that sends a heartbeat just before', async () => {
    const { executions } = layer.repositories;
    const id = await queuedRun();
    await executions.begin(id);
    await layer.database.session.query(
      "UPDATE protection_flow_executions SET started_at = '2026-01-01' WHERE id = ?",
      [id],
    );
    let isAlive = false;
    watchStatements(late(), async ({ sql }) => {
      if (isAlive || !sql.startsWith('UPDATE')) return;
      isAlive = await executions.progress(id);
    });
    expect(await createRepositories(late()).executions.reapStale({ silenceMs: 60_000 })).toEqual([]);
    expect(isAlive).toBe(true);
    expect(await executions.get(id)).toMatchObject({ status: 'running' });
  });

  it('finds the run that it started before, also in a transaction with an older snapshot', async () => {
    const { flows, executions } = layer.repositories;
    const flow_id = (await flows.create(layer.newFlow())).id;
    const input = { id: uuidv7(), flow_id, execution_type: 'api' as const };
    const answer = await late()
      .manager.transaction('REPEATABLE READ', async (manager) => {
        const joined = createRepositories(manager).executions;
        expect(await joined.find(input.id)).toBeNull();
        await executions.start(input);
        await executions.finish(input.id, { status: 'success' });
        return (await joined.start(input)).status;
      })
      .catch(codeOfAborted);
    expect(['TRANSACTION_ABORTED', 'success']).toContain(answer);
    expect(await flows.get(flow_id)).toMatchObject({ last_execution_status: 'success', total_executions: 1 });
  });

  it('does not return a run that waits for a worker as started', async () => {
    const { executions } = layer.repositories;
    const id = await queuedRun();
    const { flow_id } = await executions.get(id);
    const start = () => executions.start({ id, flow_id, execution_type: 'api' });
    await expect(start()).rejects.toMatchObject({ code: 'ID_TAKEN' });
    await executions.start({ flow_id, execution_type: 'api' });
    await expect(start()).rejects.toMatchObject({ code: 'FLOW_STILL_RUNNING' });
    expect(await executions.get(id)).toMatchObject({ status: 'pending' });
  });

  it.each(['finish', 'progress', 'settle'] as const)(
    'uses the current rows, also in a transaction with an older snapshot: %s',
    async (call) => {
      const id = await queuedRun();
      const { executions } = layer.repositories;
      const answer = await late()
        .manager.transaction('REPEATABLE READ', async (manager) => {
          const joined = createRepositories(manager).executions;
          expect(await joined.get(id)).toMatchObject({ status: 'pending' });
          await executions.begin(id);
          await executions.recordJobs(id, []);
          await executions.finish(id, { status: 'error' });
          if (call === 'settle') return (await joined.settle(id, new Map())).status;
          return call === 'finish' ? joined.finish(id, { status: 'success' }) : joined.progress(id);
        })
        .catch(codeOfAborted);
      expect(['TRANSACTION_ABORTED', call === 'settle' ? 'error' : false]).toContain(answer);
      expect(await executions.get(id)).toMatchObject({ status: 'error' });
    },
  );
});
