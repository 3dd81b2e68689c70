import { createSchedule } from '../../../src/testing';
import { useDataLayer } from './data-layer';
import { watchStatements } from './explain-statements';

const layer = useDataLayer({ per: 'each' });

/** That minute of an hour of 5 May 2030, in UTC. */
const at = (hour: number, minute = 0): Date => new Date(Date.UTC(2030, 4, 5, hour, minute));
const query = (sql: string, ...values: unknown[]) => layer.database.session.query(sql, values);

/** So many flows, each with a schedule of its own by which it is due at 12:00. */
async function dueFlows(many: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < many; n += 1) {
    const { id: schedule_id } = await createSchedule(layer.database.session, {
      cron_expression: '* * * * *',
    });
    ids.push((await layer.repositories.flows.create(layer.newFlow({ schedule_id }))).id);
  }
  await query('UPDATE protection_flows SET next_execution_time = ? WHERE id IN (?)', at(12), ids);
  return ids;
}

const plan = (now: Date) => layer.repositories.dueFlows.plan({ now });

/** What flows that are due may have gone through before they are claimed, and when that is. */
const situations: readonly [string, Date, (ids: readonly string[]) => Promise<unknown>][] = [
  ['in time', at(12), () => plan(at(11))],
  ['in time, whose schedules nobody has kept yet', at(12), () => Promise.resolve()],
  ['late', at(14), () => plan(at(11))],
  [
    'late, whose schedules were changed since they are due',
    at(14),
    async () => {
      await plan(at(11));
      await query("UPDATE replication_schedules SET cron_expression = '*/5 * * * *'");
      await plan(at(13));
    },
  ],
  [
    'while they still run',
    at(14),
    async (ids) => {
      await plan(at(11));
      for (const flow_id of ids)
        await layer.repositories.executions.start({ flow_id, execution_type: 'manual' });
    },
  ],
];

// Without this, a claim after an outage holds its locks for as many statements as flows are due.
describe('a claim of flows', () => {
  it.each(situations)('%s sends as many statements for twelve as for two', async (_, now, prepare) => {
    const sentFor = async (limit: number): Promise<string[]> => {
      await prepare(await dueFlows(limit));
      const sent: string[] = [];
      watchStatements(layer.dataSource, ({ sql }) => void sent.push(sql.slice(0, 60)));
      const { claimed, skipped } = await layer.repositories.dueFlows.claimDue({ worker: 'w', now, limit });
      watchStatements(layer.dataSource, () => undefined);
      expect(claimed.length + skipped.length).toBe(limit);
      await query('DELETE FROM protection_flows');
      return sent;
    };
    const forTwo = await sentFor(2);
    expect(await sentFor(12)).toEqual(forTwo);
  });
});
