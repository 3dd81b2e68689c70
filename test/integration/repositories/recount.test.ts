import { uuidv7 } from 'uuidv7';
import { select } from '../../../src/engine/server/queryable';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each', platform: 'none' });
const dayMs = 86_400_000;

const damage = (sql: string, ...parameters: unknown[]) => layer.database.session.query(sql, parameters);
const recount = (options = {}) => layer.repositories.retention.recount(options);

/** Creates a flow that ran once with each status, in this order, days ago. It shows the last run. */
async function flowThatRan(...statuses: ('success' | 'error' | 'warning' | 'cancelled')[]): Promise<string> {
  const { flows, executions } = layer.repositories;
  const { id: flow_id } = await flows.create(layer.newFlow());
  for (const [nth, status] of statuses.entries()) {
    const { id } = await executions.start({ flow_id, execution_type: 'api' });
    await executions.finish(id, { status });
    const at = new Date(Math.floor(Date.now() / 1_000) * 1_000 - (100 - nth) * dayMs);
    await damage(
      `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
          SET e.created_at = ?, e.started_at = ?, e.completed_at = ?, f.last_execution_time = ? WHERE e.id = ?`,
      ...[at, at, at, at, id],
    );
  }
  return flow_id;
}

// Guards that a recount corrects statistics that another program made wrong, and changes no correct ones
describe('a recount', () => {
  it('changes nothing when the counters are right, whatever happened to the runs', async () => {
    const { executions, retention } = layer.repositories;
    const flow_id = await flowThatRan('success', 'error', 'warning', 'cancelled', 'success');
    const queued = await executions.enqueue({ flow_id, execution_type: 'api' });
    await executions.cancel(queued.id);
    const failed = await executions.enqueue({ flow_id, execution_type: 'api' });
    await executions.finish(failed.id, { status: 'error' });
    await layer.repositories.flows.create(layer.newFlow());
    expect(await retention.prune({ olderThanMs: 98.5 * dayMs })).toMatchObject({ deleted: 2 });
    await executions.start({ flow_id, execution_type: 'api' });
    expect(await recount()).toEqual({ ok: true, complete: true, flows: 2, recounted: [], dryRun: false });
  });

  it.each<[string, string]>([
    ['a start that was not counted', 'total_executions = total_executions - 1'],
    ['a run counted twice', 'total_executions = 9, successful_executions = 8'],
    ['a failure that was not counted', 'failed_executions = 0'],
    ['a wrong last status', "last_execution_status = 'running'"],
    ['a wrong last time', 'last_execution_time = NULL'],
    ['a deleted run as the last one', "last_execution_id = 'gone'"],
    [
      'an earlier run as the last one',
      `last_execution_id = (SELECT MIN(id) FROM protection_flow_executions), last_execution_status = 'success'`,
    ],
  ])('corrects %s, and returns the old and the new value', async (_what, sql) => {
    const id = await flowThatRan('success', 'error');
    const right = await layer.repositories.flows.get(id);
    await damage(`UPDATE protection_flows SET ${sql}`);
    const wrong = await layer.repositories.flows.get(id);
    const dry = await recount({ dryRun: true });
    expect(dry).toMatchObject({ ok: false, complete: true, recounted: [{ id }] });
    expect(await layer.repositories.flows.get(id)).toEqual(wrong);
    expect(await recount()).toEqual({ ...dry, ok: true, dryRun: false });
    expect(await layer.repositories.flows.get(id)).toEqual({ ...right, updated_at: expect.any(Date) });
    expect(right).toMatchObject(dry.recounted[0]!.to);
    expect(wrong).toMatchObject(dry.recounted[0]!.from);
    expect(await recount()).toMatchObject({ ok: true, recounted: [] });
  });

  it('makes the run under way the last run, whichever run began last', async () => {
    const id = await flowThatRan('success');
    const run = await layer.repositories.executions.start({ flow_id: id, execution_type: 'api' });
    await damage("UPDATE protection_flow_executions SET started_at = '2026-01-01' WHERE id = ?", run.id);
    await damage(
      "UPDATE protection_flows SET last_execution_id = NULL, last_execution_status = 'pending', last_execution_time = NULL",
    );
    await recount();
    expect(await layer.repositories.flows.get(id)).toMatchObject({
      last_execution_id: run.id,
      last_execution_status: 'running',
      last_execution_time: new Date('2026-01-01T00:00:00Z'),
    });
  });

  it('counts runs that a prune or a stopped deletion has removed', async () => {
    const { retention, flows } = layer.repositories;
    const id = await flowThatRan('success', 'error', 'warning', 'success', 'success');
    await retention.prune({ keepPerFlow: 3, batchSize: 1 });
    const stop = new AbortController();
    await retention.deleteFlows([id], { batchSize: 1, signal: stop.signal, onProgress: () => stop.abort() });
    await damage('UPDATE protection_flows SET total_executions = 0, failed_executions = 0');
    await recount();
    expect(await flows.get(id)).toMatchObject({
      total_executions: 5,
      successful_executions: 3,
      failed_executions: 1,
    });
    await flows.delete(id);
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_pruned')).toBe(0);
  });

  it('deletes the pruned counts of a flow that another program has deleted', async () => {
    const id = await flowThatRan('success', 'success');
    await layer.repositories.retention.prune({ keepPerFlow: 1 });
    await damage('DELETE FROM protection_flows WHERE id = ?', id);
    await recount({ dryRun: true });
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_pruned')).toBe(1);
    await recount();
    expect(await layer.count('SELECT COUNT(*) FROM sendense_flow_pruned')).toBe(0);
  });

  it('recounts all flows in batches, reports progress, and stops between two batches', async () => {
    for (let flow = 0; flow < 5; flow += 1) await flowThatRan('success');
    await damage('UPDATE protection_flows SET total_executions = 7');
    const seen: unknown[] = [];
    const stop = new AbortController();
    const first = await recount({
      batchSize: 2,
      signal: stop.signal,
      onProgress: (progress: unknown) => {
        seen.push(progress);
        stop.abort();
      },
    });
    expect(first).toMatchObject({ ok: false, complete: false, flows: 2 });
    expect(seen).toEqual([{ flows: 2, totalFlows: 5, wrong: 2 }]);
    const second = await recount({ batchSize: 2 });
    expect(second).toMatchObject({ ok: true, complete: true, flows: 5 });
    expect(second.recounted.map(({ id }) => id)).toHaveLength(3);
  });

  it('is exact while runs begin and end', async () => {
    const { executions } = layer.repositories;
    const ids = [];
    for (let flow = 0; flow < 8; flow += 1) ids.push(await flowThatRan('success'));
    let stop = false;
    const workers = ids.map(async (flow_id) => {
      while (!stop) {
        const { id } = await executions.start({ id: uuidv7(), flow_id, execution_type: 'api' });
        await executions.finish(id, { status: 'error' });
      }
    });
    for (let round = 0; round < 10; round += 1) {
      await damage('UPDATE protection_flows SET total_executions = total_executions + 5');
      await recount();
    }
    stop = true;
    await Promise.all(workers);
    expect(await recount()).toMatchObject({ recounted: [] });
    const [row] = await select<{ runs: number; counted: number }>(
      layer.database.session,
      `SELECT (SELECT COUNT(*) FROM protection_flow_executions) AS runs, (SELECT SUM(total_executions) FROM protection_flows) AS counted`,
    );
    expect(Number(row?.counted)).toBe(Number(row?.runs));
  });

  it('refuses wrong options, and a transaction of the caller, in which it cannot be exact', async () => {
    await expect(recount({ batchSize: 0, dryRun: 'yes' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'dryRun' }, { field: 'batchSize' }] },
    });
    await layer.dataSource.transaction(async (manager) => {
      await expect(layer.repositories.retention.withManager(manager).recount()).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        details: { fields: [{ field: 'manager' }] },
      });
    });
  });

  it('gives MIGRATION_PENDING without its table, like a prune, while flows can still be deleted', async () => {
    const { retention, flows } = layer.repositories;
    const id = await flowThatRan('success', 'error', 'success');
    await damage('DROP TABLE sendense_flow_pruned');
    for (const refused of [recount(), retention.prune({ keepPerFlow: 1 })])
      await expect(refused).rejects.toMatchObject({ code: 'MIGRATION_PENDING' });
    expect(await layer.count('SELECT COUNT(*) FROM protection_flow_executions')).toBe(3);
    expect(await retention.prune({ keepPerFlow: 1, dryRun: true })).toMatchObject({ deleted: 2 });
    expect(await retention.deleteFlows([id], { batchSize: 1 })).toMatchObject({ successful: 1 });
    expect(await flows.find(id)).toBeNull();
  });
});
