import { useDataLayer } from './data-layer';

const layer = useDataLayer();
const flow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;

// Guards that one wrong id does not prevent the other runs, and that the result names the flows that failed.
describe('many flows at once', () => {
  it('get a run each, and missing flows are named', async () => {
    const { flows, executions } = layer.repositories;
    const [one, other] = [await flow(), await flow()];
    const result = await flows.bulkExecute([one, 'none', other, one], {
      execution_type: 'manual',
      triggered_by: 'ada',
    });
    expect(result).toEqual({
      action: 'execute',
      requested: 3,
      successful: 2,
      failed: 1,
      results: [
        { id: one, ok: true, executionIds: [expect.any(String)] },
        { id: 'none', ok: false, error: expect.objectContaining({ code: 'FLOW_NOT_FOUND' }) as object },
        { id: other, ok: true, executionIds: [expect.any(String)] },
      ],
    });
    for (const { id, executionIds = [] } of result.results.filter(({ ok }) => ok)) {
      const { items } = await executions.history(id);
      expect(items).toMatchObject([
        { id: executionIds[0], status: 'pending', execution_type: 'manual', triggered_by: 'ada' },
      ]);
    }
    expect((await flows.bulkExecute([])).results).toEqual([]);
  });

  it('get one run each, however often and in whichever spelling they are given', async () => {
    const { flows, executions } = layer.repositories;
    const id = await flow();
    const spellings = [id.toUpperCase(), id];
    for (const call of ['bulkExecute', 'bulkCancel'] as const) {
      const { results } = await flows[call](spellings);
      const [made] = results[0]?.executionIds ?? [];
      expect(results).toEqual(spellings.map((each) => ({ id: each, ok: true, executionIds: [made] })));
      expect((await executions.history(id)).items.map((run) => run.id)).toEqual([made]);
    }
  });

  it('have all their unfinished runs cancelled once', async () => {
    const { flows, executions } = layer.repositories;
    const [busy, idle] = [await flow(), await flow()];
    const running = await executions.start({ flow_id: busy, execution_type: 'manual' });
    const waiting = await executions.enqueue({ flow_id: busy, execution_type: 'manual' });
    const over = await executions.start({ flow_id: idle, execution_type: 'manual' });
    await executions.finish(over.id, { status: 'success' });
    const result = await flows.bulkCancel([busy, idle, 'none'], 'not today');
    expect(result).toMatchObject({
      action: 'cancel',
      requested: 3,
      successful: 2,
      failed: 1,
      results: [
        { id: busy, ok: true, executionIds: [running.id, waiting.id] },
        { id: idle, ok: true, executionIds: [] },
        { id: 'none', ok: false, error: { code: 'FLOW_NOT_FOUND' } },
      ],
    });
    for (const { id } of [running, waiting])
      expect(await executions.get(id)).toMatchObject({ status: 'cancelled', error_message: 'not today' });
    expect(await executions.get(over.id)).toMatchObject({ status: 'success' });
    expect(await flows.get(busy)).toMatchObject({ last_execution_status: 'cancelled', total_executions: 1 });
    expect((await flows.bulkCancel([busy])).results).toEqual([{ id: busy, ok: true, executionIds: [] }]);
  });

  it('keep the result of the other flows when one flow fails', async () => {
    const { session } = layer.database;
    const [good, refused, last] = [await flow(), await flow(), await flow()];
    await session.query(
      `CREATE TRIGGER no_runs BEFORE INSERT ON protection_flow_executions FOR EACH ROW
         IF NEW.flow_id = '${refused}' THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1213; END IF`,
    );
    try {
      const { results } = await layer.repositories.flows.bulkExecute([good, refused, last]);
      expect(results.map(({ ok, error }) => [ok, error?.code])).toEqual([
        [true, undefined],
        [false, 'TRANSACTION_ABORTED'],
        [true, undefined],
      ]);
    } finally {
      await session.query('DROP TRIGGER no_runs');
    }
  });
});
