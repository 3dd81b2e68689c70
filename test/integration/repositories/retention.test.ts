import type { PruneOptions } from '../../../src/repositories';
import { useDataLayer } from './data-layer';

const layer = useDataLayer({ per: 'each', platform: 'none' });

const dayMs = 86_400_000;

/** A flow with a run for each age in days, all over; returns their ids in that order. */
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

// Without these, executions would never go, or the ones go that somebody still needs.
describe('pruning', () => {
  const ages = [100, 95, 91, 89, 50, 10, 5, 1];

  it.each<[string, PruneOptions, number]>([
    ['by age', { olderThanMs: 90 * dayMs }, 3],
    ['by number', { keepPerFlow: 6 }, 2],
    ['by both: whichever says so', { olderThanMs: 90 * dayMs, keepPerFlow: 4 }, 4],
    ['by a number that nobody has', { keepPerFlow: 100 }, 0],
  ])('deletes the oldest %s', async (_title, options, gone) => {
    const one = await flowWithRuns(ages);
    const two = await flowWithRuns([1]);
    expect(await prune({ ...options, dryRun: true })).toMatchObject({ deleted: gone, dryRun: true });
    expect(await left(one.flow)).toEqual(one.runs);
    expect(await prune(options)).toEqual({
      ok: true,
      complete: true,
      deleted: gone,
      flows: 2,
      dryRun: false,
    });
    expect(await left(one.flow)).toEqual(one.runs.slice(gone));
    expect(await left(two.flow)).toEqual(two.runs);
    expect(await prune(options)).toMatchObject({ deleted: 0 });
  });

  it('keeps the newest run, the one that the flow shows, and all that are not over', async () => {
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

  it('looks at when a run ended, not only at when it was made', async () => {
    const { flow, runs } = await flowWithRuns([100, 99, 1]);
    await layer.database.session.query(
      'UPDATE protection_flow_executions SET completed_at = CURRENT_TIMESTAMP WHERE id = ?',
      [runs[0]],
    );
    await prune({ olderThanMs: 90 * dayMs });
    expect(await left(flow)).toEqual([runs[0], runs[2]]);
  });

  it('stops between two batches, and goes on from there', async () => {
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

  it('stops within the rest after a batch, however long that is', async () => {
    const { flow } = await flowWithRuns(Array.from({ length: 10 }, () => 100));
    const stop = new AbortController();
    const onProgress = (): void => void setImmediate(() => stop.abort());
    const resting = prune({ olderThanMs: dayMs, signal: stop.signal, pauseMs: 60_000, onProgress });
    expect(await resting).toMatchObject({ ok: false, complete: false, deleted: 3 });
    expect(await left(flow)).toHaveLength(7);
  }, 20_000);

  it('refuses to guess what to delete, and wrong numbers, all at once', async () => {
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
  it('goes in batches, tells how far it is, and says which were there', async () => {
    const one = await flowWithRuns(Array.from({ length: 10 }, () => 1));
    const two = await flowWithRuns([1]);
    const told: number[] = [];
    const gone = await layer.repositories.retention.deleteFlows([one.flow, 'none', two.flow], {
      batchSize: 4,
      onProgress: ({ deleted }) => told.push(deleted),
    });
    expect(gone.sort()).toEqual([one.flow, two.flow].sort());
    expect(told).toEqual([4, 8]);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flow_executions')).toBe(0);
    expect(await layer.count('SELECT COUNT(*) FROM protection_flows')).toBe(0);
  });

  it('can be stopped: the flow is disabled, and the next call ends it', async () => {
    const { retention, flows } = layer.repositories;
    const { flow } = await flowWithRuns(Array.from({ length: 10 }, () => 1));
    const stop = new AbortController();
    stop.abort();
    expect(await retention.deleteFlows([flow], { batchSize: 4, signal: stop.signal })).toEqual([]);
    expect(await flows.get(flow)).toMatchObject({ enabled: false });
    expect(await left(flow)).toHaveLength(6);
    await flows.delete(flow);
    expect(await flows.find(flow)).toBeNull();
  });
});
