import { writerMark } from '../../../src/driver/own-marks';
import { installGuards } from '../../../src/engine/migrate';
import { useDataLayer } from '../repositories/data-layer';

/**
 * MySQL keeps opened tables, with their triggers, for any connection of the same part of its cache (thread id modulo
 * table_open_cache_instances, 16 by default), and works out `@variable IS NULL` once: a trigger that one of our sessions
 * has fired first then takes the hub for one of us. Seen on 9.7.
 */
describe('a trigger of the guards', () => {
  const layer = useDataLayer();
  const parts = 16;

  it.each([
    ['ours', 'the hub’s'],
    ['the hub’s', 'ours'],
  ])('that a session of %s fired first recognises a session of %s', async (first) => {
    expect(await installGuards(layer.dataSource)).toMatchObject({ ok: true });
    await layer.database.session.query('FLUSH TABLES');
    const flow = await layer.repositories.flows.create(layer.newFlow());
    const connections = await Promise.all(Array.from({ length: 2 * parts }, () => layer.database.connect()));
    const isOurs = (n: number): boolean => n < parts === (first === 'ours');
    for (const [n, connection] of connections.entries()) {
      if (isOurs(n)) await connection.query(`SET ${writerMark} = 1`);
      await connection.query(
        "INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at) VALUES (?, 'running', 'api', NOW())",
        [flow.id],
      );
      await connection.query("UPDATE protection_flow_executions SET status = 'success' WHERE flow_id = ?", [
        flow.id,
      ]);
      await connection.query('UPDATE protection_flows SET total_executions = 0, failed_executions = 0');
      const { total_executions } = await layer.repositories.flows.get(flow.id);
      // A session of ours may write the counters. The hub's counters are ignored, and its runs are counted
      expect([n, total_executions]).toEqual([n, isOurs(n) ? 0 : (n % parts) + 1]);
    }
  });
});
