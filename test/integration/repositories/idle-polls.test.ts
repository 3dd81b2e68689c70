import { createRepositories, type Repositories } from '../../../src/repositories';
import { useDataLayer } from './data-layer';
import { watchStatements } from './explain-statements';

const layer = useDataLayer();
const worker = 'worker-1';

/** Each kind of poll of a scheduler, which returns the ids of the claimed flows, and how to bring it new work. */
const polls: readonly [
  string,
  (at: Repositories) => Promise<string[]>,
  (flowId: string) => Promise<unknown>,
][] = [
  [
    'due flows',
    async ({ dueFlows }) => (await dueFlows.claimDue({ worker })).claimed.map(({ flow }) => flow.id),
    (id) =>
      layer.database.session.query(
        'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP WHERE id = ?',
        [id],
      ),
  ],
  [
    'queued runs',
    async ({ dueFlows }) => (await dueFlows.claimQueued({ worker })).map(({ flow }) => flow.id),
    (flow_id) => layer.repositories.executions.enqueue({ flow_id, execution_type: 'manual' }),
  ],
];

const scheduledFlow = async (): Promise<string> =>
  (await layer.repositories.flows.create(layer.newFlow({ schedule_id: layer.platform.schedules[1] }))).id;

/** Returns the statements that the work sends. */
async function sentBy(work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  watchStatements(layer.dataSource, ({ sql }) => void sent.push(sql));
  await work().finally(() => watchStatements(layer.dataSource, () => undefined));
  return sent;
}

// Guards that a poll without work costs the server one query and no transaction, and still finds new work.
describe('a poll for', () => {
  it.each(polls)('%s that found nothing is followed by a poll with one query', async (_, poll) => {
    const repositories = createRepositories(layer.dataSource);
    // Once in 30 seconds, a poll also looks for next times that do not fit
    for (let quiet = 0; quiet < 2;) quiet = (await poll(repositories)).length === 0 ? quiet + 1 : 0;
    expect(await sentBy(() => poll(repositories))).toHaveLength(1);
  });

  it.each(polls)(
    '%s that found nothing is followed by a poll that finds new work',
    async (_, poll, bring) => {
      const repositories = createRepositories(layer.dataSource);
      const id = await scheduledFlow();
      while ((await poll(repositories)).length > 0);
      await bring(id);
      expect(await poll(repositories)).toEqual([id]);
    },
  );

  it('due flows that found nothing is followed by a poll that plans flows without a time', async () => {
    const { dueFlows, flows } = layer.repositories;
    const id = await scheduledFlow();
    while ((await dueFlows.claimDue({ worker })).claimed.length > 0);
    await layer.database.session.query(
      'UPDATE protection_flows SET next_execution_time = NULL WHERE id = ?',
      [id],
    );
    await dueFlows.claimDue({ worker });
    expect((await flows.get(id)).next_execution_time).not.toBeNull();
  });

  it('due flows opens no transaction for flows whose schedule gives no time', async () => {
    const { dueFlows } = layer.repositories;
    const id = await scheduledFlow();
    await layer.database.session.query(
      `UPDATE protection_flows f JOIN replication_schedules s ON s.id = f.schedule_id
          SET f.next_execution_time = NULL, s.enabled = 0 WHERE f.id = ?`,
      [id],
    );
    try {
      for (let quiet = 0; quiet < 2; quiet += 1)
        while ((await dueFlows.claimDue({ worker })).claimed.length > 0);
      const sent = await sentBy(() => dueFlows.claimDue({ worker }));
      expect(sent[0]).toMatch(/^SELECT .* LIMIT 1$/s);
      expect(sent.filter((sql) => /TRANSACTION|COMMIT|FOR UPDATE/.test(sql))).toEqual([]);
    } finally {
      await layer.database.session.query('UPDATE replication_schedules SET enabled = 1');
    }
  });

  it('due flows in a transaction of the caller finds flows that were inserted after its snapshot', async () => {
    const id = await scheduledFlow();
    while ((await layer.repositories.dueFlows.claimDue({ worker })).claimed.length > 0);
    await layer.dataSource.transaction(async (manager) => {
      await manager.query('SELECT COUNT(*) FROM protection_flows');
      await polls[0]![2](id);
      expect(await polls[0]![1](createRepositories(manager))).toEqual([id]);
    });
  });
});
