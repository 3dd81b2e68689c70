import { installGuards, removeGuards } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { PlatformHub } from '../../support/platform-hub';
import { useDataLayer } from '../repositories/data-layer';
import { sequences, type Scene, type Stage } from './sequences';

// Guards the promises for the hub beside this package. Without guards, verify reports wrong statistics, which can be
// corrected. With guards, no statistics become wrong.
describe('beside the hub', () => {
  const layer = useDataLayer();
  let hub: PlatformHub;
  beforeAll(async () => {
    hub = await PlatformHub.connect(layer.database.settings, 'server');
  });
  afterAll(() => hub.close());
  afterEach(() => layer.dataSource.query('DELETE FROM protection_flows'));

  async function newStage(): Promise<Stage> {
    const { id } = await layer.repositories.flows.create(layer.newFlow());
    return { ...layer.repositories, flowId: id, hub, ours: layer.dataSource };
  }

  async function expectScene({ flowId, executions, flows }: Stage, run: string, scene: Scene): Promise<void> {
    if (scene.flow !== undefined) expect(await flows.get(flowId)).toMatchObject(scene.flow);
    if (scene.run !== undefined) expect(await executions.get(run)).toMatchObject(scene.run);
    if (scene.next !== undefined)
      expect((await flows.get(flowId)).next_execution_time?.toISOString().slice(4)).toBe(scene.next);
    if (scene.running !== undefined) expect(await executions.listRunning()).toHaveLength(scene.running);
  }

  const statistics = async (): Promise<unknown> =>
    (await verify(layer.dataSource)).checks.find(({ id }) => id === 'statistics')?.status;

  describe('without guards', () => {
    it.each(sequences)('$name', async ({ play, right, wrong, harm }) => {
      const stage = await newStage();
      const run = await play(stage);
      await expectScene(stage, run, wrong ?? harm ?? right);
      expect(await statistics()).toBe(wrong === undefined && harm?.isTold !== true ? 'pass' : 'fail');
      const recounted = await stage.retention.recount();
      expect(recounted.recounted.map(({ id }) => id)).toEqual(wrong === undefined ? [] : [stage.flowId]);
      await expectScene(stage, run, harm ?? right);
      expect(await statistics()).toBe(harm?.isTold === true ? 'fail' : 'pass');
    });
  });

  describe('with guards', () => {
    beforeAll(async () => {
      expect(await installGuards(layer.dataSource)).toMatchObject({ ok: true });
    });
    afterAll(async () => {
      await removeGuards(layer.dataSource);
    });

    it.each(sequences)('$name', async ({ play, right }) => {
      const stage = await newStage();
      const run = await play(stage);
      await expectScene(stage, run, right);
      expect(await statistics()).toBe('pass');
      expect(await stage.retention.recount({ dryRun: true })).toMatchObject({ ok: true, recounted: [] });
    });
  });
});
