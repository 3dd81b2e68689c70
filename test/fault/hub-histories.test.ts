import fc from 'fast-check';
import { select } from '../../src/engine/server/queryable';
import { installGuards, removeGuards } from '../../src/engine/migrate';
import type { FlowStatistics } from '../../src/repositories';
import { createSchedule, createBackupJob, createRepository } from '../../src/testing';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { useDataLayer, type DataLayer } from '../integration/repositories/data-layer';
import { PlatformHub } from '../support/platform-hub';
import { hubZones, sharedHistories, type SharedHistory } from './hub-histories-operations';
import { SharedPlayer, type SharedDatabase } from './hub-histories-player';

const histories = Number(process.env['HUB_HISTORIES'] ?? 100);
const seed = Number(process.env['HUB_HISTORIES_SEED'] ?? Date.now() % 1_000_000);
/** Databases on which histories are played at the same time. */
const lanes = 2;

const countersOf = ({ total_executions, successful_executions, failed_executions }: FlowStatistics) => ({
  total_executions,
  successful_executions,
  failed_executions,
});

type LaneDatabase = SharedDatabase & { readonly dataSource: ProtectionFlowsDataSource };

/** Registers hooks that make the database of a lane. */
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

// Without this, an order in which the hub and this package write could leave statistics that nobody tells or mends.
describe(`${histories} random histories of this package beside the hub (seed ${seed})`, () => {
  const databases = Array.from({ length: lanes }, useSharedDatabase);

  /** Plays histories in all lanes; then everybody stops, and nothing may be under way, and nothing wrong but what is mended. */
  async function everyHistory(
    isGuarded: boolean,
    mend: (player: SharedPlayer, database: LaneDatabase) => Promise<void>,
  ): Promise<void> {
    const play = async (history: SharedHistory, database: LaneDatabase): Promise<void> => {
      const player = new SharedPlayer(database, history, isGuarded);
      try {
        await player.play();
        await mend(player, database);
        expect(await player.stopAll()).toEqual([]);
        await mend(player, database);
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

  it('leave nothing wrong after any step with guards, and nothing under way for ever', async () => {
    for (const database of databases) await installGuards(database('server').dataSource);
    try {
      await everyHistory(true, async (_player, { repositories: { retention } }) => {
        // Which run began last, the player can set back
        const { recounted } = await retention.recount({ dryRun: true });
        for (const { from, to } of recounted) expect(from).toMatchObject(countersOf(to));
      });
    } finally {
      for (const database of databases) await removeGuards(database('server').dataSource);
    }
  }, 36_000_000);

  it('leave nothing wrong without guards that is not found, and mended by one recount', async () => {
    let found = 0;
    await everyHistory(false, async (player, { repositories: { retention } }) => {
      const wrong = await player.wrong();
      const { recounted } = await retention.recount();
      expect(recounted.map(({ id }) => id)).toEqual(expect.arrayContaining([...wrong.keys()]));
      expect(await player.wrong()).toEqual(new Map());
      expect(await retention.recount({ dryRun: true })).toMatchObject({ recounted: [] });
      found += wrong.size;
    });
    expect(found).toBeGreaterThan(0);
  }, 36_000_000);
});
