import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import { useDatabase } from '../../support/database';
import { packageFolder } from '../../support/run-program';
import { startApi, type Api } from './api';
import { addPlatformRows, backupOfGroup, ids } from './platform';
import { startScheduler, waitForPrograms } from './programs';

const schemas = JSON.parse(
  readFileSync(join(packageFolder, 'test/fixtures/web-page/types.schema.json'), 'utf8'),
) as { $defs: Record<string, object> };

// Without these, the platform's page in front of the API crashes on a missing field, or shows 1 January 1970.
describe("the platform's web page", () => {
  const database = useDatabase({ platform: 'mixed', age: 'newer' });
  const ajv = new Ajv2020({ allErrors: true });
  ajv.addSchema(schemas);
  let api: Api;
  beforeAll(async () => {
    await addPlatformRows(database);
    api = await startApi(database.url);
  });

  /** Returns the answer after checking that it has the page's type. */
  async function read<Body = Record<string, unknown>>(
    type: string,
    ...request: Parameters<Api['request']>
  ): Promise<Body> {
    const { status, body } = await api.request<Body>(...request);
    const validate = ajv.getSchema(`web-page#/$defs/${type}`)!;
    validate(body);
    expect([type, status, validate.errors ?? []]).toEqual([type, expect.any(Number), []]);
    expect(status).toBeLessThan(300);
    return body;
  }
  interface Flow {
    readonly id: string;
    readonly name: string;
  }

  it('understands every answer that it asks for, about flows that never ran, wait, run, or have ended', async () => {
    const flow = await read<Flow>('flow', 'POST', '', backupOfGroup({ schedule_id: ids.schedule }));
    const replication = { flow_type: 'replication', destination_type: 'ossea', repository_id: undefined };
    const bare = await read<Flow>('flow', 'POST', '', backupOfGroup({ ...replication, enabled: false }));
    const lookAtAll = async () => {
      await read('flows', 'GET', '');
      await read('summary', 'GET', '/summary');
      for (const { id } of [flow, bare]) {
        await read('flow', 'GET', `/${id}`);
        await read('status', 'GET', `/${id}/status`);
        await read('hubStatus', 'GET', `/${id}/status`);
        await read('executions', 'GET', `/${id}/executions`);
        await read('machines', 'GET', `/${id}/machines`);
        await read('tested', 'POST', `/${id}/test`);
      }
    };
    await lookAtAll();
    const { execution_id } = await read<{ execution_id: string }>('executed', 'POST', `/${flow.id}/execute`);
    await lookAtAll();
    await read('flow', 'PUT', `/${flow.id}`, {
      name: flow.name,
      flow_type: 'backup',
      nextRun: 'undefinedTundefined',
    });
    await read('flow', 'PUT', `/${flow.id}`, await read('flow', 'GET', `/${flow.id}`));
    const scheduler = await startScheduler(database.url, { BACKUP_MS: '1000' });
    const state = async (): Promise<unknown> =>
      (await read('execution', 'GET', `/executions/${execution_id}`))['status'];
    await waitForPrograms(async () => (await state()) === 'running');
    await lookAtAll();
    await waitForPrograms(async () => (await state()) === 'success');
    await lookAtAll();
    scheduler.kill('SIGTERM');
    await scheduler.ended;
    const flow_ids = [flow.id, bare.id, 'none'];
    expect(await read('bulkExecuted', 'POST', '/bulk-execute', { flow_ids })).toMatchObject({ failed: 1 });
    for (const action of ['enable', 'disable', 'delete'])
      expect(await read('bulk', 'POST', `/bulk-${action}`, { flow_ids })).toMatchObject({
        errors: { none: 'there is no flow none' },
      });
  });

  it('would notice a null, and a missing start time', () => {
    const validate = ajv.getSchema('web-page#/$defs/execution')!;
    const run = {
      id: 'a',
      flow_id: 'b',
      status: 'running',
      started_at: '2026-01-01T00:00:00.000Z',
      jobs_created: 0,
      jobs_completed: 0,
    };
    expect(validate(run)).toBe(true);
    for (const wrong of [
      { completed_at: null },
      { started_at: null },
      { started_at: undefined },
      { status: 'done' },
    ])
      expect([wrong, validate({ ...run, ...wrong })]).toEqual([wrong, false]);
  });
});
