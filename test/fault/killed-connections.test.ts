import { uuidv7 } from 'uuidv7';
import { isProtectionFlowsError } from '../../src/errors';
import { createRepositories } from '../../src/repositories';
import { select } from '../../src/engine/server/queryable';
import { watchStatements } from '../integration/repositories/explain-statements';
import { useDataSource } from '../support/data-source';
import { useDatabase } from '../support/database';
import { waitFor } from '../support/wait-for';
import { insertFlows, randomNumbers, yearlySchedule } from './claims-flows';
import { runningTwice, wrongStatistics } from './completions-recount';
import { atOnce, usePrograms } from './completions-sources';
import { noRepeats, repeated, whileKilling } from './killed-connections-killer';

const seed = Number(process.env['KILLED_CONNECTIONS_SEED'] ?? Date.now() % 1_000_000);
const due = new Date('2026-01-01T00:00:00Z');
const outcomes = ['success', 'warning', 'error', 'cancelled'] as const;

// Without these, a network failure at the wrong moment could lose a run, start it twice or leave it running for ever.
describe(`connections that are killed at random moments (seed ${seed})`, () => {
  const database = useDatabase();
  const dataSource = useDataSource(database);
  const programs = usePrograms(database, 4, 4);
  const random = randomNumbers(seed);
  const killing = { random, longestMs: 12 };
  const of = (worker: number) => programs()[worker % 4]!.repositories;

  interface RunRow {
    readonly id: string;
    readonly flow_id: string;
    readonly status: string;
    readonly error_message: string | null;
    readonly due_at: string | null;
    readonly created_job_ids: string | string[] | null;
  }
  const runsOf = (prefix: string): Promise<RunRow[]> =>
    select<RunRow>(
      database.session,
      `SELECT id, flow_id, status, error_message, created_job_ids,
              JSON_UNQUOTE(JSON_EXTRACT(execution_metadata, '$.due_at')) AS due_at
         FROM protection_flow_executions WHERE flow_id LIKE ? ORDER BY flow_id, id`,
      [`${prefix}%`],
    );
  const expectSound = async (prefix: string): Promise<void> => {
    expect(await runningTwice(database.session)).toEqual([]);
    expect(await wrongStatistics(database.session, prefix)).toEqual([]);
  };

  it('leave each due run claimed once, and ended by its claimer, or by the reaper if the claimer never got the answer', async () => {
    const schedule_id = await yearlySchedule(database.session);
    const flows = await insertFlows(database.session, { prefix: 'due-', count: 1_500, due, schedule_id });
    const repeats = noRepeats();
    const ended = new Map<string, string>();
    const stillDue = async (): Promise<boolean> =>
      (
        await select(
          database.session,
          'SELECT 1 FROM protection_flows WHERE next_execution_time <= CURRENT_TIMESTAMP LIMIT 1',
        )
      ).length > 0;
    const twice: string[] = [];
    const kills = await whileKilling(database, killing, () =>
      atOnce(8, [0, 1, 2, 3, 4, 5, 6, 7], async (worker) => {
        while (await stillDue()) {
          const { dueFlows, executions } = of(worker);
          const { claimed } = await repeated(repeats, () =>
            dueFlows.claimDue({ worker: `worker-${worker}`, limit: 6 }),
          );
          for (const [n, { execution }] of claimed.entries()) {
            if (ended.has(execution.id)) twice.push(execution.id);
            const status = outcomes[n % outcomes.length]!;
            ended.set(execution.id, status);
            await repeated(repeats, () => executions.finish(execution.id, { status }));
          }
        }
      }),
    );
    expect(kills).toBeGreaterThan(20);
    expect(repeats.CONNECTION_LOST).toBeGreaterThan(10);
    await waitFor(async () => {
      await of(0).executions.reapStale({ silenceMs: 1_000, limit: 10_000 });
      return (await of(0).executions.listRunning()).length === 0;
    });

    const runs = await runsOf('due-');
    expect(runs.map((run) => `${run.flow_id} ${run.due_at}`)).toEqual(
      flows.map((id) => `${id} ${due.toISOString()}`),
    );
    expect(twice).toEqual([]);
    for (const { id, status, error_message } of runs) {
      if (ended.has(id)) expect([id, status]).toEqual([id, ended.get(id)]);
      else
        expect([id, status, error_message]).toEqual([
          id,
          'error',
          expect.stringContaining('no sign of life'),
        ]);
    }
    await expectSound('due-');
    console.log(JSON.stringify({ seed, kills, ...repeats, reaped: runs.length - ended.size }));
  });

  it('leave each run ended once, although several callers repeat the end', async () => {
    const flows = await insertFlows(database.session, { prefix: 'end-', count: 500 });
    const started = new Map<string, string>();
    await atOnce(8, flows, async (flow_id, worker) => {
      started.set(flow_id, (await of(worker).executions.start({ flow_id, execution_type: 'manual' })).id);
    });
    const repeats = noRepeats();
    const calls = [...started.values()].flatMap((id, n) => [n, n + 1, n + 2].map((as) => ({ id, as })));
    const won = new Map<string, number>();
    const kills = await whileKilling(database, killing, () =>
      atOnce(16, calls, async ({ id, as }, worker) => {
        const outcome = { status: outcomes[as % 4]!, error_message: `completer ${as}` };
        const mine = await repeated(repeats, () => of(worker).executions.finish(id, outcome));
        if (mine) won.set(id, (won.get(id) ?? 0) + 1);
      }),
    );
    expect(kills).toBeGreaterThan(10);
    expect(repeats.CONNECTION_LOST).toBeGreaterThan(3);
    const runs = await runsOf('end-');
    expect(runs.map(({ flow_id }) => flow_id)).toEqual(flows);
    for (const { id, status, error_message } of runs) {
      // A winner whose answer was lost repeats its call, and then learns only that the run is over
      expect(won.get(id) ?? 0).toBeLessThanOrEqual(1);
      const as = Number(/^completer (\d+)$/.exec(error_message ?? '')?.[1]);
      expect([id, status]).toEqual([id, outcomes[as % 4]]);
    }
    await expectSound('end-');
    console.log(JSON.stringify({ seed, kills, ...repeats }));
  });

  it('leave one run per flow, begun by the one caller that was told so, with all its jobs, and settled', async () => {
    const flows = await insertFlows(database.session, { prefix: 'start-', count: 200 });
    const repeats = noRepeats();
    const told = new Map<string, string[]>();
    const states = new Map([0, 1, 2, 3, 4, 5].map((job) => [`job-${job}`, 'completed' as const]));
    const jobs = [...states.keys()];
    const starters = flows.flatMap((flow_id) => [0, 1, 2].map(() => ({ flow_id, id: uuidv7() })));
    const begun: string[] = [];
    const kills = await whileKilling(database, killing, async () => {
      await atOnce(16, starters, async ({ flow_id, id }, worker) => {
        const { executions } = of(worker);
        const note = (got: string): Map<string, string[]> =>
          told.set(flow_id, [...(told.get(flow_id) ?? []), got]);
        try {
          note((await repeated(repeats, () => executions.start({ id, flow_id, execution_type: 'api' }))).id);
          begun.push(id);
        } catch (error) {
          if (!isProtectionFlowsError(error, 'FLOW_STILL_RUNNING')) throw error;
          note(error.details.executionId);
        }
      });
      await atOnce(16, begun, async (id, worker) => {
        const { executions } = of(worker);
        await repeated(repeats, () => executions.recordJobs(id, jobs.slice(0, 3), { more: true }));
        await repeated(repeats, () => executions.progress(id, { jobs_completed: 2, vms_processed: 2 }));
        await repeated(repeats, () => executions.recordJobs(id, jobs.slice(2)));
        await repeated(repeats, () => executions.settle(id, states));
      });
    });
    expect(kills).toBeGreaterThan(10);
    expect(repeats.CONNECTION_LOST).toBeGreaterThan(3);
    const runs = await runsOf('start-');
    expect(runs.map(({ flow_id }) => flow_id)).toEqual(flows);
    expect(runs.map(({ id }) => id).sort()).toEqual([...begun].sort());
    for (const { id, flow_id, status, created_job_ids } of runs) {
      expect([flow_id, told.get(flow_id)]).toEqual([flow_id, [id, id, id]]);
      const kept =
        typeof created_job_ids === 'string' ? (JSON.parse(created_job_ids) as unknown) : created_job_ids;
      expect([id, status, kept]).toEqual([id, 'success', jobs]);
    }
    await expectSound('start-');
    console.log(JSON.stringify({ seed, kills, ...repeats }));
  });

  it('leave the claimed runs to their claimer if they are killed between the claim and the planning', async () => {
    const schedule_id = await yearlySchedule(database.session);
    const [flow] = await insertFlows(database.session, { prefix: 'plan-', count: 1, due, schedule_id });
    const { dueFlows } = createRepositories(dataSource());
    let kills = 0;
    watchStatements(dataSource(), async ({ sql }, ask) => {
      if (!sql.includes('next_execution_time IS NULL')) return;
      const [own] = (await ask('SELECT CONNECTION_ID() AS id')) as { id: number }[];
      await database.session.query(`KILL ${own?.id}`);
      kills += 1;
    });
    const { claimed } = await dueFlows.claimDue({ worker: 'worker-0', limit: 2 });
    expect(claimed.map((claim) => claim.flow.id)).toEqual([flow]);
    expect(kills).toBe(1);
    // If nothing was claimed, the error loses nothing
    await expect(dueFlows.claimDue({ worker: 'worker-0' })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
  });
});
