import { isProtectionFlowsError } from '../../../src/errors';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();

/** The fields that a refusal names. */
async function fieldsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await work.catch((fault: unknown) => fault);
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) throw error;
  return error.details.fields.map(({ field }) => field);
}

// Guards that a form does not mark a correct field, and that the error names the id of a missing row.
describe('a refused call', () => {
  it('names the one field that the type of the flow requires', async () => {
    const { flows } = layer.repositories;
    const replication = (await flows.create(layer.newFlow())).id;
    const backup = (await flows.create(await layer.newBackupFlow())).id;
    expect(await fieldsOf(flows.update(replication, { destination_type: null }))).toEqual([
      'destination_type',
    ]);
    expect(await fieldsOf(flows.update(backup, { repository_id: null }))).toEqual(['repository_id']);
    expect(await fieldsOf(flows.update(replication, { flow_type: 'backup' }))).toEqual(['repository_id']);
    expect(await fieldsOf(flows.update(backup, { flow_type: 'replication', enabled: false }))).toEqual([
      'destination_type',
    ]);
  });

  it('names the id without a row', async () => {
    const { flows, executions } = layer.repositories;
    const { id } = await flows.create(layer.newFlow());
    const reference = (field: string, references: string) => ({
      code: 'REFERENCE_NOT_FOUND',
      message: `${field} is "gone", but ${references} has no row with that id`,
      details: { field, references, id: 'gone' },
    });
    await expect(flows.create(layer.newFlow({ policy_id: 'gone' }))).rejects.toMatchObject(
      reference('policy_id', 'backup_policies'),
    );
    await expect(flows.update(id, { schedule_id: 'gone' })).rejects.toMatchObject(
      reference('schedule_id', 'replication_schedules'),
    );
    const run = { flow_id: id, execution_type: 'api', schedule_execution_id: 'gone' } as const;
    for (const call of ['start', 'enqueue'] as const)
      await expect(executions[call](run)).rejects.toMatchObject(
        reference('schedule_execution_id', 'schedule_executions'),
      );
  });

  it('mentions no row in its consequence when it only reads', async () => {
    const { flows, executions } = layer.repositories;
    for (const read of [
      flows.list({}, { limit: 0 }),
      flows.list({ flow_type: 'none' as 'backup' }),
      executions.history('id', { limit: 0 }),
      executions.latest(['']),
    ])
      await expect(read).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
        consequence: expect.not.stringContaining('row') as string,
      });
  });
});
