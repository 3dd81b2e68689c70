import { verify } from '../../../src/engine/verify';
import { useDataLayer } from '../repositories/data-layer';

const layer = useDataLayer({ per: 'each', platform: 'none' });
const query = (sql: string, ...parameters: unknown[]) => layer.database.session.query(sql, parameters);
const look = async () => {
  const { checks, verdict } = await verify(layer.dataSource);
  return { ...checks.find(({ id }) => id === 'statistics')!, verdict };
};

/** Creates a flow with a run that ended. */
async function flowThatRan(): Promise<{ flow: string; run: string }> {
  const { flows, executions } = layer.repositories;
  const { id: flow } = await flows.create(layer.newFlow());
  const { id: run } = await executions.start({ flow_id: flow, execution_type: 'api' });
  await executions.finish(run, { status: 'success' });
  return { flow, run };
}

// Guards that wrong counters of a flow are noticed, and that correct ones raise no alarm.
describe('the check statistics', () => {
  it('names the flows with wrong counters and the differences, and lists only some of many', async () => {
    const { flow } = await flowThatRan();
    for (let more = 0; more < 24; more += 1) await flowThatRan();
    expect(await look()).toMatchObject({ status: 'pass', remedy: null, verdict: 'proven' });
    await query('UPDATE protection_flows SET total_executions = 3 WHERE id = ?', flow);
    expect(await look()).toMatchObject({
      status: 'fail',
      verdict: 'drifted',
      summary: `the statistics of 1 flow do not agree with the runs: ${flow}: total_executions 3 instead of 1`,
      remedy: 'protection-flows recount',
    });
    await query("UPDATE protection_flows SET last_execution_status = 'error'");
    const many = await look();
    expect(many.summary).toContain('the statistics of 25 flows');
    expect(many.evidence[0]?.rows).toHaveLength(20);
    await layer.repositories.retention.recount();
    expect(await look()).toMatchObject({ status: 'pass' });
  });

  it.each([
    [
      'that was set back to running after its end',
      "status = 'running'",
      '1 run under way that ended already',
    ],
    ['that ends before it begins', "completed_at = '2026-01-01'", '1 run that ended before it began'],
    [
      'that begins in the future',
      'started_at = CURRENT_TIMESTAMP + INTERVAL 2 HOUR, completed_at = NULL',
      '1 run that began in the future',
    ],
  ])('reports a run %s, and the remedy', async (_what, sql, summary) => {
    const { run } = await flowThatRan();
    await query(`UPDATE protection_flow_executions SET ${sql} WHERE id = ?`, run);
    const found = await look();
    expect(found).toMatchObject({ status: 'fail', summary: expect.stringContaining(summary) });
    const statements = (found.remedy ?? '').split('\n').map((line) => line.replace(/^-- (?=UPDATE)/, ''));
    for (const one of statements.filter((line) => !line.startsWith('--')))
      await query(one.replace("'…'", `'${run}'`).replace(/;$/, ''));
    await layer.repositories.retention.recount();
    expect(await look()).toMatchObject({ status: 'pass' });
  });

  it('reports two runs of one flow under way', async () => {
    const { flow } = await flowThatRan();
    await query(
      `INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at)
       VALUES (?, 'running', 'api', CURRENT_TIMESTAMP), (?, 'running', 'api', CURRENT_TIMESTAMP)`,
      flow,
      flow,
    );
    expect((await look()).summary).toContain('2 runs under way beside another run of the same flow');
  });

  it('raises no false alarm while programs work, even when they write a run and its flow one after the other', async () => {
    const { executions } = layer.repositories;
    const [ours, theirs] = [await flowThatRan(), await flowThatRan()];
    let stop = false;
    const we = (async () => {
      while (!stop) {
        const { id } = await executions.start({ flow_id: ours.flow, execution_type: 'api' });
        await executions.finish(id, { status: 'error' });
      }
    })();
    const they = (async () => {
      const other = await layer.database.connect();
      while (!stop) {
        await other.query('DELETE FROM protection_flow_executions WHERE flow_id = ?', [theirs.flow]);
        await other.query(
          "INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, completed_at) VALUES (?, ?, 'success', 'api', NOW(), NOW())",
          [theirs.run, theirs.flow],
        );
      }
    })();
    for (let times = 0; times < 3; times += 1) expect((await look()).summary).not.toContain(ours.flow);
    stop = true;
    await Promise.all([we, they]);
    expect(await look()).toMatchObject({ status: 'pass' });
  });

  it('cannot prove the counters without a record of the pruned runs', async () => {
    await query('DROP TABLE sendense_flow_pruned');
    const found = await look();
    expect(found).toMatchObject({ status: 'skip', verdict: 'unproven' });
    await query(/CREATE TABLE[^;]*/.exec(found.remedy ?? '')![0]);
    expect(await look()).toMatchObject({ status: 'pass', verdict: 'proven' });
  });
});
