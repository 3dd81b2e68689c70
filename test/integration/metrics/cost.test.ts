import { metrics, prometheusText } from '../../../src/metrics';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { numbers } from '../../fault/completions-sources';
import { flowId, growDatabase, size } from '../repositories/explain-grown-database';
import { describePlan, plansOf, readsOf } from '../repositories/explain-plans';

// Guards that no scrape reads the whole history, which nobody would notice before the tables are large.
describe('the statements of the metrics, on grown tables', () => {
  const database = useDatabase();
  useDataSource(database);
  let dataSource: ProtectionFlowsDataSource;

  beforeAll(async () => {
    await growDatabase(database.session);
    // One connection, so that its counters are those of the call
    dataSource = await createDataSource({ ...database.settings, poolSize: 1 }).initialize();
    await metrics(dataSource);
  });
  afterAll(() => dataSource.destroy());

  it.each([
    ['for the first flows', {}],
    ['for named flows', { flowIds: [flowId(7), flowId(60), flowId(300)] }],
  ])('are four, and neither scan a table nor sort rows: %s', async (_title, options) => {
    const plans = await plansOf(dataSource, () => prometheusText(dataSource, options));
    expect(plans.filter(({ faults }) => faults.length > 0).map(describePlan)).toEqual([]);
    expect(plans).toHaveLength(4);
    const success = plans[1]!.rows.find(({ table }) => table === 'e');
    expect(success?.key).toBe('idx_executions_flow_status_created');
  });

  it('read each flow and its newest success once, however long the flows have failed', async () => {
    const [failing, calm] = [flowId(500), flowId(501)];
    await database.session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, completed_at)
       SELECT CONCAT('failed-', n), '${failing}', 'error', 'scheduled', t, t, t
         FROM (SELECT n, CURRENT_TIMESTAMP - INTERVAL n SECOND AS t FROM ${numbers(20_000)}) failed`,
    );
    await database.session.query(
      "UPDATE protection_flows SET last_execution_status = 'error' WHERE id IN (?, ?)",
      [failing, calm],
    );
    const of = (id: string) => () => metrics(dataSource, { flowIds: [id] });
    const reads = await readsOf(dataSource, of(calm));
    expect((await of(failing)()).flows[0]?.lastSuccess).toEqual(expect.any(Date));
    expect(await readsOf(dataSource, of(failing))).toBeLessThan(reads + 10);
    const all = await readsOf(dataSource, () => metrics(dataSource, { limit: size.flows }));
    expect(all).toBeLessThan(reads + size.flows * 3);
  });
});
