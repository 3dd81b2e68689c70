import type { FieldFault } from '../../../src/errors';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

async function startedRun(): Promise<{ readonly id: string; readonly flowId: string }> {
  const { flows, executions } = layer.repositories;
  const { id: flowId } = await flows.create(layer.newFlow());
  const { id } = await executions.start({ flow_id: flowId, execution_type: 'manual' });
  return { id, flowId };
}

const store = (id: string, metadata: string) =>
  layer.database.session.query('UPDATE protection_flow_executions SET execution_metadata = ? WHERE id = ?', [
    metadata,
    id,
  ]);

// Guards that no caller can make a run look alive for ever, or wait for jobs that never come.
describe('the names that the package uses in metadata', () => {
  it.each(['worker', 'due_at', 'heartbeat_at', 'starting_jobs', 'retry', 'cancel_acknowledged_at'])(
    'are refused: %s',
    async (name) => {
      const { executions } = layer.repositories;
      const { id, flowId: flow_id } = await startedRun();
      const execution_metadata = { ticket: 7, [name]: '9999-01-01T00:00:00Z' };
      const input = { flow_id, execution_type: 'api' as const, execution_metadata };
      const calls = [
        () => executions.start(input),
        () => executions.enqueue(input),
        () => executions.progress(id, { execution_metadata }),
        () => executions.progress(id, { execution_metadata: { [name]: null } }),
        () => executions.finish(id, { status: 'success', execution_metadata }),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => null,
          (fault: { code: string; details: { fields: FieldFault[] } }) => fault,
        );
        expect(error).toMatchObject({
          code: 'VALIDATION_FAILED',
          details: { fields: [{ field: 'execution_metadata' }] },
        });
        expect(error?.details.fields[0]?.constraints['isCallers']).toMatch(
          new RegExp(`must not hold ${name}: .* this package keeps its own data`),
        );
      }
      const run = await executions.get(id);
      expect(run).toMatchObject({ status: 'running', execution_metadata: null });
      // At a deeper level these names belong to the caller
      expect(await executions.progress(id, { execution_metadata: { mine: { [name]: 1 } } })).toBe(true);
    },
  );
});

// Guards that such a value does not make the end of its run fail.
describe('metadata.retry of another program', () => {
  it.each([
    '7',
    '"once"',
    '{}',
    '{"attempt": "first"}',
    '{"attempt": 1.5}',
    '{"attempt": []}',
    '{"attempt": null}',
  ])('that is %s is ignored: the next attempt of the run is the second', async (json) => {
    const { executions } = layer.repositories;
    const { id, flowId } = await startedRun();
    await store(id, `{"retry": ${json}}`);
    const retry = { attempts: 2, delayMs: 0 };
    expect(await executions.finish(id, { status: 'error' }, { retry })).toBe(true);
    const { items } = await executions.list({ flow_id: flowId, status: 'pending' });
    expect(items).toMatchObject([{ execution_metadata: { retry: { of: id, attempt: 2 } } }]);
  });
});

// Guards that one learns that the work of such a run has stopped.
it.each(['null', 'true', '5', '{}'])(
  'an acknowledgement %s that another program stored is ignored',
  async (json) => {
    const { executions } = layer.repositories;
    const { id } = await startedRun();
    await store(id, `{"cancel_acknowledged_at": ${json}}`);
    expect(await executions.cancel(id)).toBe(true);
    expect(await executions.acknowledge(id)).toBe(true);
    expect(await executions.acknowledge(id)).toBe(false);
    expect((await executions.get(id)).execution_metadata).toEqual({
      cancel_acknowledged_at: expect.stringMatching(/^20.*Z$/),
    });
  },
);
