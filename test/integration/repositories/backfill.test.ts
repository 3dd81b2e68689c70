import { createSchedule } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each' });
const query = <Row>(sql: string, ...values: unknown[]) =>
  layer.database.session.query(sql, values) as Promise<Row[]>;

// Guards that runs missed during an outage can be run later, each once.
describe('a backfill', () => {
  let minute: number;
  beforeEach(() => {
    minute = Math.floor(Date.now() / 60_000);
  });
  const ago = (minutes: number): Date => new Date((minute - minutes) * 60_000);

  /** Creates a flow that is due each minute; its next time is in the future. */
  async function flow(): Promise<string> {
    const { id: schedule_id } = await createSchedule(layer.database.session, {
      cron_expression: '* * * * *',
    });
    return (await layer.repositories.flows.create(layer.newFlow({ schedule_id }))).id;
  }

  it('queues one run for each time without a run, oldest first', async () => {
    const { flows, executions } = layer.repositories;
    const id = await flow();
    const window = { from: ago(5), to: ago(3), by: 'ada' };
    const made = await flows.backfill(id, window);
    expect(made.map(({ dueAt }) => dueAt)).toEqual([ago(5), ago(4), ago(3)]);
    expect(await executions.get(made[1]!.executionId)).toMatchObject({
      flow_id: id,
      status: 'pending',
      execution_type: 'scheduled',
      triggered_by: 'ada',
      execution_metadata: { due_at: made[1]!.dueAt.toISOString() },
    });
    expect(await flows.backfill(id, window)).toEqual([]);
    expect(await flows.backfill(id, { ...window, from: ago(6) })).toMatchObject([{ dueAt: ago(6) }]);
    const [claimed] = await layer.repositories.dueFlows.claimQueued({ worker: 'w' });
    expect(claimed).toMatchObject({ dueAt: made[0]!.dueAt, execution: { id: made[0]!.executionId } });
  });

  it('skips times that a claim has run or has yet to decide', async () => {
    const { flows, dueFlows } = layer.repositories;
    const id = await flow();
    await query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', ago(3), id);
    const before = await flows.backfill(id, { from: ago(4), to: ago(-5) });
    expect(before.map(({ dueAt }) => dueAt)).toEqual([ago(4)]);
    const { claimed } = await dueFlows.claimDue({ worker: 'w' });
    expect(claimed).toMatchObject([{ dueAt: ago(3) }]);
    const after = await flows.backfill(id, { from: ago(4), to: ago(2) });
    expect(after.map(({ dueAt }) => dueAt)).toEqual([ago(2)]);
  });

  it('refuses more runs than its limit, a wrong window, and a schedule without times', async () => {
    const { flows } = layer.repositories;
    const id = await flow();
    const refused = (window: object) => flows.backfill(id, window as never).catch((error: unknown) => error);
    const fieldsOf = (error: unknown) =>
      (error as { details: { fields: { field: string }[] } }).details.fields.map(({ field }) => field);
    expect(fieldsOf(await refused({ from: ago(9), to: ago(3), limit: 6 }))).toEqual(['limit']);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flow_executions')).toBe(0);
    expect(fieldsOf(await refused({ from: ago(3), to: ago(9) }))).toEqual(['to']);
    await query('UPDATE replication_schedules SET cron_expression = ?', 'never');
    expect(fieldsOf(await refused({ from: ago(9), to: ago(3) }))).toEqual(['id']);
    const { id: unscheduled } = await flows.create(layer.newFlow());
    expect(await flows.backfill(unscheduled, { from: ago(9), to: ago(3) })).toEqual([]);
  });
});
