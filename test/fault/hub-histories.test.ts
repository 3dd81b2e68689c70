import fc from 'fast-check';
import { select } from '../../src/engine/server/queryable';
import { installGuards, removeGuards } from '../../src/engine/migrate';
import { statisticsCheck } from '../../src/migrations/statistics-check';
import { createSchedule, createBackupJob, createRepository } from '../../src/testing';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { useDataLayer, type DataLayer } from '../integration/repositories/data-layer';
import { PlatformHub } from '../support/platform-hub';
import { hubZones, sharedHistories, type SharedHistory } from './hub-histories-operations';
import { SharedPlayer, type SharedDatabase } from './hub-histories-player';

const histories = Number(process.env['HUB_HISTORIES'] ?? 100);
const seed = Number(process.env['HUB_HISTORIES_SEED'] ?? Date.now() % 1_000_000);
/** The number of databases on which histories are played at the same time. */
const lanes = 2;

type LaneDatabase = SharedDatabase & { readonly dataSource: ProtectionFlowsDataSource };

let asked = 0;
/** Returns true rarely: verify's check reads several times, with pauses, before it reports a fault. */
const sampled = (): boolean => (asked += 1) % 20 === 0;

/** Registers hooks that make a lane's database. */
function useSharedDatabase(): (zone: SharedHistory['zone']) => LaneDatabase {
  const layer: DataLayer = useDataLayer();
  const hubs = new Map<string, PlatformHub>();
  let scheduleId = '';
  beforeAll(async () => {
    const { session, settings } = layer.database;
    if ((await select(session, "SHOW COLUMNS FROM backup_jobs LIKE 'last_telemetry_at'")).length === 0)
      await session.query('ALTER TABLE backup_jobs ADD COLUMN last_telemetry_at datetime NULL');
    await session.query('DELETE FROM backup_jobs');
    const { id: repository_id } = await createRepository(session);
    for (const id of ['job-a', 'job-b', 'job-c']) await createBackupJob(session, { id, repository_id });
    scheduleId = (await createSchedule(session, { cron_expression: '0 0 1 1 *' })).id;
    for (const zone of hubZones) hubs.set(zone, await PlatformHub.connect(settings, zone));
  });
  afterAll(() => hubs.forEach((hub) => hub.close()));
  return (zone) => ({
    repositories: layer.repositories,
    dataSource: layer.dataSource,
    ours: layer.dataSource,
    reader: layer.database.session,
    hub: hubs.get(zone)!,
    scheduleId,
  });
}

// Without this, writes of the hub and this package could leave wrong statistics that nothing reports or corrects.
describe(`${histories} random histories of this package beside the hub (seed ${seed})`, () => {
  const databases = Array.from({ length: lanes }, useSharedDatabase);

  /** Plays histories in all lanes, and checks after each. Then all programs stop, and no run may be under way. */
  async function everyHistory(
    isGuarded: boolean,
    holds: (player: SharedPlayer, database: LaneDatabase) => Promise<void>,
  ): Promise<void> {
    const play = async (history: SharedHistory, database: LaneDatabase): Promise<void> => {
      const player = new SharedPlayer(database, history, isGuarded);
      try {
        await player.play();
        await holds(player, database);
        expect(await player.stopAll()).toEqual([]);
        expect(await player.wrong()).toEqual(new Map());
      } finally {
        await player.leave();
      }
    };
    const ended = await Promise.allSettled(
      databases.map((database, lane) =>
        fc.assert(
          fc.asyncProperty(sharedHistories, (history) => play(history, database(history.zone))),
          { numRuns: Math.ceil(histories / lanes), seed: seed + lane, endOnFailure: false },
        ),
      ),
    );
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  it('leave no wrong row after any step with guards, and no run that never ends', async () => {
    for (const database of databases) await installGuards(database('server').dataSource);
    try {
      await everyHistory(true, async (_, { reader, repositories }) => {
        expect(await repositories.retention.recount({ dryRun: true })).toMatchObject({ recounted: [] });
        if (sampled()) expect(await statisticsCheck.run(reader)).toMatchObject({ status: 'pass' });
      });
    } finally {
      for (const database of databases) await removeGuards(database('server').dataSource);
    }
  }, 36_000_000);

  it('leave without guards only wrong rows that verify reports and one recount corrects, and no run that never ends', async () => {
    const seen = { right: 0, wrong: 0 };
    await everyHistory(false, async (player, { reader, repositories: { retention } }) => {
      const wrong = await player.wrong();
      const told = (await retention.recount({ dryRun: true })).recounted.map(({ id }) => id);
      expect(told).toEqual(expect.arrayContaining([...wrong.keys()]));
      seen[told.length > 0 ? 'wrong' : 'right'] += 1;
      if (told.length > 0 && sampled())
        expect(await statisticsCheck.run(reader)).toMatchObject({
          status: 'fail',
          summary: expect.stringContaining(`the statistics of ${told.length} flow`),
        });
      expect((await retention.recount()).recounted.map(({ id }) => id)).toEqual(told);
      expect(await player.wrong()).toEqual(new Map());
      expect(await retention.recount({ dryRun: true })).toMatchObject({ ok: true, recounted: [] });
    });
    console.log(JSON.stringify({ histories, seed, ...seen }));
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  }, 36_000_000);
});
