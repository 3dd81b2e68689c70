import { createSchedule } from '../../../src/testing';
import { useDataLayer } from './data-layer';
import { watchStatements } from './explain-statements';

const layer = useDataLayer({ per: 'each' });

/** A time on 5 May 2030, in UTC. */
const at = (hour: number, minute = 0): Date => new Date(Date.UTC(2030, 4, 5, hour, minute));
const query = (sql: string, ...values: unknown[]) => layer.database.session.query(sql, values);

/** Creates flows that are due at 12:00, each with its own schedule. */
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

/** What may have happened to due flows before a claim, and the time of the claim. */
const situations: readonly [string, Date, (ids: readonly string[]) => Promise<unknown>][] = [
  ['on time', at(12), () => plan(at(11))],
  ['on time, whose timetables nobody has recorded yet', at(12), () => Promise.resolve()],
  ['late', at(14), () => plan(at(11))],
  [
    'late, whose schedules changed after they were due',
    at(14),
    async () => {
      await plan(at(11));
      await query("UPDATE replication_schedules SET cron_expression = '*/5 * * * *'");
      await plan(at(13));
    },
  ],
  [
    'that still run',
    at(14),
    async (ids) => {
      await plan(at(11));
      for (const flow_id of ids)
        await layer.repositories.executions.start({ flow_id, execution_type: 'manual' });
    },
  ],
];

// Guards that a claim after an outage does not hold its locks for one statement per due flow.
describe('a claim of flows', () => {
  it.each(situations)('%s sends the same statements for twelve flows as for two', async (_, now, prepare) => {
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
