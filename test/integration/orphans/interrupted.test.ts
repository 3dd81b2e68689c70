import { restoreOrphans } from '../../../src/engine/migrate';
import { sessionOf } from '../../../src/testing';
import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { dying, dyingDataSource, killer, type Death } from './dying';
import { executions, flows, orphanBench } from './orphan-bench';

/** Guards that a run which died anywhere has lost and duplicated no row, and that the next run finishes its work. */
describe('an interrupted change of orphans', () => {
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database);
  const bench = orphanBench(database);
  const flowIds = ['f1', 'f2', 'f3'];
  const executionIds = flowIds.flatMap((id) => [0, 1, 2].map((n) => `${id}-${n}`));

  beforeAll(() => bench.dropKey('fk_flows_policy'));

  async function makeOrphans(): Promise<void> {
    await database.session.query(`DELETE FROM ${flows}`);
    await database.session.query("DELETE FROM backup_policies WHERE id = 'gone'");
    for (const table of [flows, executions])
      await database.session.query(`DROP TABLE IF EXISTS sendense_flow_orphans_${table}`);
    for (const id of flowIds) await bench.insertFlow(id, { policy_id: 'gone' });
    for (const id of executionIds) await bench.insertExecution(id, id.slice(0, 2));
  }

  /** The ids of all rows in the tables and in quarantine, sorted. */
  async function whereabouts(): Promise<unknown[]> {
    const all = [
      ...(await bench.ids(flows)),
      ...(await bench.ids(executions)),
      ...(await bench.quarantinedIds()),
    ];
    return all.sort();
  }
  const everyRow = [...flowIds, ...executionIds].sort();

  /** Lets each run die one statement later than the one before, until a run ends first. Returns the number of deaths. */
  async function dieEverywhere(
    when: Death['when'],
    once: (death: Death) => Promise<boolean>,
  ): Promise<number> {
    for (let statement = 1; ; statement += 1) if (!(await once({ statement, when }))) return statement - 1;
  }

  it.each(['before', 'after'] as const)(
    'by a kill %s any statement of a quarantine loses no row',
    async (when) => {
      const deaths = await dieEverywhere(when, async (death) => {
        await makeOrphans();
        const connection = await database.connect();
        const session = dying(sessionOf(connection).query, killer(database.session), death);
        await bench.settle('fk_flows_policy', 'quarantine', { session, batchRows: 2 }).catch(() => undefined);
        connection.destroy();
        expect(await whereabouts()).toEqual(everyRow);
        await bench.settle('fk_flows_policy', 'quarantine', { batchRows: 2 });
        expect(await bench.ids(flows)).toEqual([]);
        expect(await whereabouts()).toEqual(everyRow);
        return session.died();
      });
      // The table; for each of three flows two batches of executions and itself: written, deleted, committed
      expect(deaths).toBeGreaterThan(3 * 2 * 3);
    },
  );

  it.each(['before', 'after'] as const)(
    'by a kill %s any statement that sets orphans to NULL is finished by the next run',
    async (when) => {
      const deaths = await dieEverywhere(when, async (death) => {
        await makeOrphans();
        const connection = await database.connect();
        const session = dying(sessionOf(connection).query, killer(database.session), death);
        await bench.settle('fk_flows_policy', 'null', { session, batchRows: 1 }).catch(() => undefined);
        connection.destroy();
        await bench.settle('fk_flows_policy', 'null', { batchRows: 1 });
        expect(await bench.rows(flows, 'DISTINCT policy_id')).toEqual([{ policy_id: null }]);
        return session.died();
      });
      expect(deaths).toBe(2 * flowIds.length);
    },
  );

  it.each(['before', 'after'] as const)(
    'by a kill %s any statement of a restore loses no row',
    async (when) => {
      const deaths = await dieEverywhere(when, async (death) => {
        await makeOrphans();
        const before = await bench.checksums(flows, executions);
        await bench.settle('fk_flows_policy', 'quarantine');
        await createPolicy(database.session, { id: 'gone' });
        const mortal = await openDataSource(database);
        const { died } = dyingDataSource(mortal, killer(database.session), death);
        await restoreOrphans(mortal, { batchRows: 5 }).catch(() => undefined);
        await mortal.destroy();
        expect(await whereabouts()).toEqual(everyRow);
        expect(await restoreOrphans(dataSource(), { batchRows: 5 })).toMatchObject({ ok: true, left: [] });
        expect(await bench.checksums(flows, executions)).toEqual(before);
        return died();
      });
      // For each of three batches an insert, a delete and a commit, and the lock's lease taken and given back
      expect(deaths).toBe(3 * 3 + 2);
    },
  );

  it('by a request to stop ends before its next batch, and the next run continues', async () => {
    await makeOrphans();
    const batches = (limit: number) => {
      let seen = 0;
      return () => {
        if ((seen += 1) > limit) throw new Error('stop');
      };
    };
    await expect(
      bench.settle('fk_flows_policy', 'quarantine', { batchRows: 2, goOn: batches(4) }),
    ).rejects.toThrow('stop');
    expect(await whereabouts()).toEqual(everyRow);
    expect((await bench.ids(flows)).length).toBeGreaterThan(0);
    expect((await bench.quarantined()).length).toBeGreaterThan(0);
    await bench.settle('fk_flows_policy', 'quarantine');
    await createPolicy(database.session, { id: 'gone' });
    const controller = new AbortController();
    const stopped = restoreOrphans(dataSource(), {
      batchRows: 2,
      signal: controller.signal,
      onProgress: ({ step }) => void (/: 5 of 12/.test(step) && controller.abort()),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await bench.quarantined()).toHaveLength(7);
    expect(await whereabouts()).toEqual(everyRow);
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true });
  });
});
