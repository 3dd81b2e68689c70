import type { ClaimResult } from '../../src/repositories';
import { isProtectionFlowsError } from '../../src/errors';
import { select } from '../../src/engine/server/queryable';
import { useDataLayer } from '../integration/repositories/data-layer';
import { insertFlows, insertRunning, randomNumbers, yearlySchedule } from './claims-flows';
import { runningTwice, wrongStatistics } from './completions-recount';
import { atOnce, usePrograms, type Program } from './completions-sources';

const schedulers = 8;
const due = new Date('2026-01-01T00:00:00Z');
const outcomes = ['success', 'warning', 'error', 'cancelled'] as const;

/** The claims: `flow due_at` → every result that a scheduler got for this run. */
type Ledger = Map<string, string[]>;

function enter(ledger: Ledger, scheduler: string, { claimed, queued, skipped }: ClaimResult): void {
  const add = (flow: string, at: Date | null, what: string): void => {
    const key = `${flow} ${at?.toISOString()}`;
    ledger.set(key, [...(ledger.get(key) ?? []), `${scheduler}: ${what}`]);
  };
  for (const { flow, dueAt, execution } of claimed) add(flow.id, dueAt, `claimed ${execution.id}`);
  for (const { flow, dueAt, execution } of queued) add(flow.id, dueAt, `queued ${execution.id}`);
  for (const { flowId, dueAt, reason } of skipped) add(flowId, dueAt, `skipped ${reason}`);
}

const isEmpty = ({ claimed, queued, skipped }: ClaimResult): boolean =>
  claimed.length + queued.length + skipped.length === 0;

// Without these, two schedulers could run the same backup twice, or neither could run it.
describe(`${schedulers} schedulers on the same due flows`, () => {
  const layer = useDataLayer();
  const programs = usePrograms(layer.database, schedulers, 2);
  const name = ({ index }: Program): string => `scheduler-${index}`;

  interface ScheduledRow {
    readonly id: string;
    readonly key: string;
    readonly status: string;
    readonly triggered_by: string;
    readonly shown: string | null;
  }
  const scheduledRuns = (prefix: string): Promise<ScheduledRow[]> =>
    select<ScheduledRow>(
      layer.database.session,
      `SELECT e.id, CONCAT(e.flow_id, ' ', JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.due_at'))) AS \`key\`,
              e.status, e.triggered_by, f.last_execution_id AS shown
         FROM protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        WHERE e.execution_type = 'scheduled' AND e.flow_id LIKE ?`,
      [`${prefix}%`],
    );
  const stillDue = (prefix: string): Promise<number> =>
    layer.count(
      `SELECT COUNT(*) FROM protection_flows
        WHERE id LIKE ? AND (next_execution_time IS NULL OR next_execution_time <= CURRENT_TIMESTAMP)`,
      [`${prefix}%`],
    );

  /** Claims until nothing is left. A scheduler skips rows that another one has locked; the other one claims these. */
  async function claimAll(ledger: Ledger, overlap: 'skip' | 'queue', limit: number): Promise<void> {
    await Promise.all(
      programs().map(async (program) => {
        for (;;) {
          const result = await program.repositories.dueFlows.claimDue({
            worker: name(program),
            limit,
            overlap,
          });
          if (isEmpty(result)) return;
          enter(ledger, name(program), result);
        }
      }),
    );
  }

  it('claim each of 5,000 runs once, and return each run only to its claimer', async () => {
    const { session } = layer.database;
    const schedule_id = await yearlySchedule(session);
    const ids = await insertFlows(session, { prefix: 'due-', count: 5_000, due, schedule_id });
    await insertFlows(session, { prefix: 'off-', count: 50, due, schedule_id, enabled: false });
    const ledger: Ledger = new Map();
    await claimAll(ledger, 'skip', 20);

    const runs = await scheduledRuns('due-');
    expect(runs.map(({ key }) => key).sort()).toEqual(ids.map((id) => `${id} ${due.toISOString()}`));
    expect(await scheduledRuns('off-')).toEqual([]);
    expect(runs.filter(({ status, id, shown }) => status !== 'running' || shown !== id)).toEqual([]);
    expect(await stillDue('due-')).toBe(0);
    const told = runs.map(({ key, id, triggered_by }) => [key, [`${triggered_by}: claimed ${id}`]]);
    expect([...ledger].sort()).toEqual(told.sort());
    expect(new Set(runs.map(({ triggered_by }) => triggered_by)).size).toBeGreaterThan(schedulers / 2);
    expect(await wrongStatistics(session)).toEqual([]);
  });

  it.each(['skip', 'queue'] as const)(
    'do not start a flow that already runs, overlap %s',
    async (overlap) => {
      const { session } = layer.database;
      const schedule_id = await yearlySchedule(session);
      const prefix = `${overlap}-`;
      const ids = await insertFlows(session, { prefix, count: 600, due, schedule_id });
      const busy = ids.filter((_, n) => n % 3 === 0);
      const waiting = busy.filter((_, n) => n % 2 === 0);
      await insertRunning(session, busy);
      await atOnce(4, waiting, (flow_id) =>
        layer.repositories.executions.enqueue({ flow_id, execution_type: 'api' }),
      );
      const ledger: Ledger = new Map();
      await claimAll(ledger, overlap, 7);

      const answers = [...ledger].map(([key, told]) => [
        key.split(' ')[0],
        told.map((one) => one.split(' ')[1]).join(' and '),
      ]);
      const expected = (n: number): string => {
        if (n % 3 !== 0) return 'claimed';
        return overlap === 'queue' && n % 6 !== 0 ? 'queued' : 'skipped';
      };
      expect(answers.sort()).toEqual(ids.map((id, n) => [id, expected(n)]));
      const runs = await scheduledRuns(prefix);
      const waitingToo = overlap === 'queue' ? busy.length - waiting.length : 0;
      expect(runs.filter(({ status }) => status === 'running')).toHaveLength(ids.length - busy.length);
      expect(runs.filter(({ status }) => status === 'pending')).toHaveLength(waitingToo);
      expect(runs).toHaveLength(ids.length - busy.length + waitingToo);
      expect(await stillDue(prefix)).toBe(0);
      expect(await runningTwice(session)).toEqual([]);
      expect(await wrongStatistics(session)).toEqual([]);
    },
  );

  it('never run a flow twice at a time while other programs start, queue and end runs', async () => {
    const { session } = layer.database;
    const schedule_id = await yearlySchedule(session);
    const ids = await insertFlows(session, { prefix: 'mix-', count: 150, schedule_id });
    const ledger: Ledger = new Map();
    const under = new Map<string, string>();
    const twice: string[] = [];
    const random = randomNumbers(7);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

    const begun = (flow: string, execution: string): void => {
      if (under.has(flow)) twice.push(`${flow}: ${under.get(flow)} and ${execution}`);
      under.set(flow, execution);
    };
    /** Ends a run of any program. Removes it from the list first, because its end frees the flow for others at once. */
    const endOne = async ({ repositories }: Program): Promise<void> => {
      const [flow, execution] = pick([...under]) ?? [];
      if (flow === undefined || execution === undefined) return;
      under.delete(flow);
      if (!(await repositories.executions.finish(execution, { status: pick(outcomes) })))
        throw new Error(`${execution} was over already`);
    };
    const startOne = async ({ repositories }: Program): Promise<void> => {
      const flow_id = pick(ids);
      try {
        begun(flow_id, (await repositories.executions.start({ flow_id, execution_type: 'api' })).id);
      } catch (error) {
        if (!isProtectionFlowsError(error, 'FLOW_STILL_RUNNING')) throw error;
      }
    };
    const takeQueued = async (program: Program): Promise<number> => {
      const claims = await program.repositories.dueFlows.claimQueued({ worker: name(program), limit: 3 });
      for (const { flow, execution } of claims) begun(flow.id, execution.id);
      return claims.length;
    };
    const work = async (program: Program): Promise<void> => {
      const overlap = program.index % 2 === 0 ? 'queue' : 'skip';
      for (;;) {
        const result = await program.repositories.dueFlows.claimDue({
          worker: name(program),
          limit: 5,
          overlap,
        });
        if (isEmpty(result)) return;
        enter(ledger, name(program), result);
        for (const { flow, execution } of result.claimed) begun(flow.id, execution.id);
        await startOne(program);
        await takeQueued(program);
        for (let n = 0; n < 4; n += 1) await endOne(program);
      }
    };

    const rounds = [0, 1, 2, 3].map((minute) => new Date(due.getTime() + minute * 60_000));
    for (const at of rounds) {
      await session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id IN (?)', [at, ids]);
      await Promise.all(programs().map(work));
    }
    while (under.size > 0) {
      await Promise.all(programs().map(endOne));
      await takeQueued(programs()[0]!);
    }

    expect(twice).toEqual([]);
    const keys = rounds.flatMap((at) => ids.map((id) => `${id} ${at.toISOString()}`));
    expect([...ledger.keys()].sort()).toEqual(keys.sort());
    expect([...ledger.values()].filter((told) => told.length !== 1)).toEqual([]);
    const ran = [...ledger.values()].flat().filter((told) => !told.includes('skipped'));
    const runs = await scheduledRuns('mix-');
    expect(runs.map(({ id }) => id).sort()).toEqual(ran.map((told) => told.split(' ').at(-1)).sort());
    expect(runs.filter(({ status }) => status === 'pending' || status === 'running')).toEqual([]);
    expect(await wrongStatistics(session)).toEqual([]);
  });
});
