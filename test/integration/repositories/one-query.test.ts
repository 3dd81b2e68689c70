import { createRepositories, type Repositories } from '../../../src/repositories';
import { useDataLayer } from './data-layer';
import { watchStatements } from './explain-statements';

const layer = useDataLayer({ age: 'newer', platform: 'mixed' });
const day = 86_400_000;

// Guards that a page that polls every other second does not cost one query for each flow or VM on the screen.
describe('a poll of a page', () => {
  let flowIds: string[];
  beforeAll(async () => {
    const { flows, executions } = layer.repositories;
    flowIds = [];
    for (let n = 0; n < 60; n += 1) flowIds.push((await flows.create(layer.newFlow())).id);
    for (const flow_id of flowIds.slice(0, 5)) await executions.start({ flow_id, execution_type: 'manual' });
  });

  it.each<[string, (at: Repositories) => Promise<number>]>([
    [
      'all flows, with names and their number',
      async ({ flows }) => {
        const { items, total } = await flows.list({}, { limit: null, total: true });
        return items.length === total ? items.length : NaN;
      },
    ],
    ['the progress of all flows', async ({ executions }) => (await executions.progress(flowIds)).size],
    ['the machines of a flow', async ({ targets }) => (await targets.machines(flowIds[0]!)).length],
    [
      'a report',
      async ({ flows }) =>
        (await flows.report({ from: new Date(Date.now() - day), to: new Date(Date.now() + day), by: 'flow' }))
          .length,
    ],
  ])('reads %s with one query', async (title, ask) => {
    if (title.includes('machines')) {
      const [vm] = layer.platform.vms;
      await layer.database.session.query('UPDATE protection_flows SET target_id = ? WHERE id = ?', [
        vm,
        flowIds[0],
      ]);
    }
    const repositories = createRepositories(layer.dataSource);
    // The catalog is read once in 30 seconds
    await repositories.flows.list({}, { limit: 1 });
    const sent: string[] = [];
    watchStatements(layer.dataSource, ({ sql }) => void sent.push(sql));
    const found = await ask(repositories).finally(() => watchStatements(layer.dataSource, () => undefined));
    expect(sent).toHaveLength(1);
    expect(found).toBe({ 'all f': 60, 'the p': 5, 'the m': 1, 'a rep': 5 }[title.slice(0, 5)]);
  });
});
