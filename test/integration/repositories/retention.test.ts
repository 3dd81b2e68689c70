import { createDataSource } from '../../../src/typeorm/create-data-source';
import { createRepositories, type PruneOptions } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each', platform: 'none' });

const dayMs = 86_400_000;

/** Creates a flow with an ended run for each age in days. Returns the ids of the runs in that order. */
async function flowWithRuns(
  ages: readonly number[],
  status = 'success',
): Promise<{ flow: string; runs: string[] }> {
  const { id: flow } = await layer.repositories.flows.create(layer.newFlow());
  const runs: string[] = [];
  for (const [at, age] of ages.entries()) {
    const id = `${flow}-${at}`;
    const time = new Date(Date.now() - age * dayMs);
    await layer.database.session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, started_at, completed_at)
       VALUES (?, ?, ?, 'manual', ?, ?, ?)`,
      [id, flow, status, time, time, time],
    );
    runs.push(id);
  }
  return { flow, runs };
}

const left = async (flow: string): Promise<string[]> => {
  const rows = await layer.database.session.query(
    'SELECT id FROM protection_flow_executions WHERE flow_id = ? ORDER BY id',
    [flow],
  );
  return (rows as { id: string }[]).map(({ id }) => id);
};
const prune = (options: PruneOptions) => layer.repositories.retention.prune({ batchSize: 3, ...options });

// Guards that old executions are deleted, and none that somebody still needs.
describe('pruning', () => {
  const ages = [100, 95, 91, 89, 50, 10, 5, 1];

  it.each<[string, PruneOptions, number]>([
    ['by age', { olderThanMs: 90 * dayMs }, 3],
    ['by number', { keepPerFlow: 6 }, 2],
    ['by age or by number', { olderThanMs: 90 * dayMs, keepPerFlow: 4 }, 4],
    ['by a number that no flow reaches', { keepPerFlow: 100 }, 0],
  ])('deletes the oldest %s', async (_title, options, gone) => {
    const one = await flowWithRuns(ages);
    const two = await flowWithRuns([1]);
    expect(await prune({ ...options, dryRun: true })).toMatchObject({ deleted: gone, dryRun: true });
    expect(await left(one.flow)).toEqual(one.runs);
    expect(await prune(options)).toEqual({
      ok: true,
      complete: true,
      deleted: gone,
      kept: [],
      flows: 2,
      dryRun: false,
    });
    expect(await left(one.flow)).toEqual(one.runs.slice(gone));
    expect(await left(two.flow)).toEqual(two.runs);
    expect(await prune(options)).toMatchObject({ deleted: 0 });
  });

  it('keeps the newest run, the last run of the flow, and all unfinished runs', async () => {
    const { flow, runs } = await flowWithRuns([400, 300, 200, 100]);
    const waiting = await flowWithRuns([400, 300], 'running');
    await layer.database.session.query('UPDATE protection_flows SET last_execution_id = ? WHERE id = ?', [
      runs[1],
      flow,
    ]);
    expect(await prune({ olderThanMs: dayMs, keepPerFlow: 1 })).toMatchObject({ deleted: 2 });
    expect(await left(flow)).toEqual([runs[1], runs[3]]);
    expect(await left(waiting.flow)).toEqual(waiting.runs);
  });

  it('keeps the newest success of a flow that has failed since then', async () => {
    const { flow, runs } = await flowWithRuns([400, 300, 200, 100, 50]);
    await layer.database.session.query(
      "UPDATE protection_flow_executions SET status = 'error' WHERE id IN (?)",
      [runs.slice(2)],
    );
    expect(await prune({ olderThanMs: dayMs, keepPerFlow: 1 })).toMatchObject({ deleted: 3 });
    expect(await left(flow)).toEqual([runs[1], runs[4]]);
  });

  it('keeps a run that ended recently, although it was created long ago', async () => {
    const { flow, runs } = await flowWithRuns([100, 99, 1]);
    await layer.database.session.query(
      'UPDATE protection_flow_executions SET completed_at = CURRENT_TIMESTAMP WHERE id = ?',
      [runs[0]],
    );
    await prune({ olderThanMs: 90 * dayMs });
    expect(await left(flow)).toEqual([runs[0], runs[2]]);
  });

  it('stops between two batches, and continues there', async () => {
    const { flow, runs } = await flowWithRuns(Array.from({ length: 20 }, (_, at) => 200 - at));
    const stop = new AbortController();
    const stopped = await prune({
      olderThanMs: dayMs,
      signal: stop.signal,
      onProgress: ({ deleted }) => deleted >= 6 && stop.abort(),
    });
    expect(stopped).toMatchObject({ ok: false, complete: false, deleted: 6 });
    expect(await left(flow)).toHaveLength(14);
    expect(await prune({ olderThanMs: dayMs })).toMatchObject({ complete: true, deleted: 13 });
    expect(await left(flow)).toEqual([runs.at(-1)]);
  });

  it('stops during the pause after a batch, however long the pause is', async () => {
    const { flow } = await flowWithRuns(Array.from({ length: 10 }, () => 100));
    const stop = new AbortController();
    const onProgress = (): void => void setImmediate(() => stop.abort());
    const resting = prune({ olderThanMs: dayMs, signal: stop.signal, pauseMs: 60_000, onProgress });
    expect(await resting).toMatchObject({ ok: false, complete: false, deleted: 3 });
    expect(await left(flow)).toHaveLength(7);
  }, 20_000);

  it('refuses missing limits and wrong numbers, all at once', async () => {
    const { retention } = layer.repositories;
    const fields = async (options: object) =>
      retention.prune(options).then(
        () => [],
        (error: { details: { fields: { field: string }[] } }) =>
          error.details.fields.map(({ field }) => field),
      );
    expect(await fields({})).toEqual(['olderThanMs']);
    expect(await fields({ olderThanMs: -1, keepPerFlow: 0, batchSize: 0, pauseMs: -1 })).toEqual([
      'batchSize',
      'pauseMs',
      'olderThanMs',
      'keepPerFlow',
    ]);
  });
});

describe('the deletion of flows with long histories', () => {
  it('runs in batches, reports progress, and returns which flows existed', async () => {
    const one = await flowWithRuns(Array.from({ length: 10 }, () => 1));
    const two = await flowWithRuns([1]);
    const told: number[] = [];
    const gone = await layer.repositories.retention.deleteFlows([one.flow, 'none', two.flow], {
      batchSize: 4,
      onProgress: ({ deleted }) => told.push(deleted),
    });
    expect(gone).toMatchObject({
      action: 'delete',
      results: [
        { id: one.flow, ok: true },
        { id: 'none', ok: false, error: { code: 'FLOW_NOT_FOUND' } },
        { id: two.flow, ok: true },
      ],
    });
    expect(told).toEqual([4, 8]);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flow_executions')).toBe(0);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flows')).toBe(0);
  });

  it('can be stopped: the flow is then disabled, and the next call finishes the deletion', async () => {
    const { retention, flows } = layer.repositories;
    const { flow } = await flowWithRuns(Array.from({ length: 10 }, () => 1));
    const stop = new AbortController();
    stop.abort();
    expect(await retention.deleteFlows([flow], { batchSize: 4, signal: stop.signal })).toMatchObject({
      failed: 1,
      results: [{ id: flow, error: { code: 'INTERRUPTED' } }],
    });
    expect(await flows.get(flow)).toMatchObject({ enabled: false });
    expect(await left(flow)).toHaveLength(6);
    await flows.delete(flow);
    expect(await flows.find(flow)).toBeNull();
  });
});

// Guards that a row of another program does not block all pruning, and that a refused deletion does not stop a flow.
describe('executions that rows of another table refer to', () => {
  const key = 'fk_notes_execution';

  /** Creates a table of an application, with a note on each of the runs. */
  async function noteOn(runs: readonly string[]): Promise<void> {
    const { session } = layer.database;
    await session.query(
      `CREATE TABLE notes (execution_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY,
         CONSTRAINT ${key} FOREIGN KEY (execution_id) REFERENCES protection_flow_executions (id)) ENGINE=InnoDB`,
    );
    for (const run of runs) await session.query('INSERT INTO notes VALUES (?)', [run]);
  }

  it('are kept by a prune and counted with the key, while all others are deleted', async () => {
    const one = await flowWithRuns(Array.from({ length: 12 }, (_, at) => 112 - at));
    const two = await flowWithRuns([100, 99, 1]);
    await noteOn([one.runs[1]!, one.runs[5]!, two.runs[0]!]);
    expect(await prune({ olderThanMs: 90 * dayMs, keepPerFlow: 2 })).toEqual({
      ok: true,
      complete: true,
      deleted: 10,
      kept: [{ key, table: 'notes', executions: 3 }],
      flows: 2,
      dryRun: false,
    });
    expect(await left(one.flow)).toEqual([1, 11, 5].map((at) => one.runs[at]));
    expect(await left(two.flow)).toEqual([two.runs[0], two.runs[2]]);
    await layer.database.session.query('DROP TABLE notes');
    expect(await prune({ olderThanMs: 90 * dayMs })).toMatchObject({ deleted: 3, kept: [] });
  });

  it('are also kept when the user may not see that table', async () => {
    const { runs } = await flowWithRuns([100, 99, 1]);
    await noteOn([runs[0]!]);
    const { session, settings } = layer.database;
    const user = `pruner_${layer.database.name}`.slice(0, 32);
    await session.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pruner'`);
    try {
      for (const table of ['protection_flows', 'protection_flow_executions'])
        await session.query(`GRANT SELECT, DELETE ON ${table} TO '${user}'@'%'`);
      await session.query(`GRANT SELECT, INSERT, UPDATE ON sendense_flow_pruned TO '${user}'@'%'`);
      await session.query(`GRANT SELECT, DELETE ON sendense_flow_skips TO '${user}'@'%'`);
      await session.query(`GRANT SELECT, DELETE ON sendense_flow_skip_totals TO '${user}'@'%'`);
      await session.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON sendense_flow_timetables TO '${user}'@'%'`,
      );
      const source = await createDataSource({ ...settings, username: user, password: 'pruner' }).initialize();
      const { retention } = createRepositories(source);
      const pruned = await retention.prune({ keepPerFlow: 1 }).finally(() => source.destroy());
      expect(pruned).toMatchObject({ ok: true, deleted: 1, kept: [{ executions: 1 }] });
    } finally {
      await session.query(`DROP USER '${user}'@'%'`);
    }
  });

  it.each(['outside', 'inside'])(
    'keep their flow unchanged, while other flows are deleted, %s a transaction',
    async (where) => {
      const { flows, executions } = layer.repositories;
      const kept = await flowWithRuns([3, 2, 1]);
      const gone = await flowWithRuns([1]);
      const next = new Date('2030-01-01T00:00:00Z');
      await layer.database.session.query('UPDATE protection_flows SET next_execution_time = ?', [next]);
      await noteOn([kept.runs[1]!]);
      const ids = [kept.flow, gone.flow];
      const result =
        where === 'outside'
          ? await flows.deleteMany(ids)
          : await layer.dataSource.transaction((manager) => flows.withManager(manager).deleteMany(ids));
      expect(result).toMatchObject({
        successful: 1,
        results: [
          {
            id: kept.flow,
            ok: false,
            error: { code: 'STILL_REFERENCED', details: { id: kept.flow, key, table: 'notes' } },
          },
          { id: gone.flow, ok: true },
        ],
      });
      expect(await flows.find(gone.flow)).toBeNull();
      expect(await flows.get(kept.flow)).toMatchObject({ enabled: true, next_execution_time: next });
      expect(await executions.find(kept.runs[1]!)).not.toBeNull();
      await expect(flows.delete(kept.flow)).rejects.toMatchObject({ code: 'STILL_REFERENCED' });
    },
  );
});
