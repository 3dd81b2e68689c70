import { uuidv7 } from 'uuidv7';
import { createRepositories, type Repositories } from '../../src/repositories';
import { useDataSource } from '../support/data-source';
import { useDataLayer } from '../integration/repositories/data-layer';
import { watchStatements } from '../integration/repositories/explain-statements';
import { insertFlows, yearlySchedule } from './claims-flows';
import { wrongStatistics } from './completions-recount';
import { noRepeats, repeated } from './killed-connections-killer';

/** Matches the statements by which a call takes effect. */
const effects = /^(COMMIT|(INSERT|UPDATE)\b)/;

// Without these, repeating a call whose answer was lost could do its work twice, or be refused.
describe('a call that took effect, but whose answer was lost', () => {
  const layer = useDataLayer();
  const dataSource = useDataSource(layer.database, { migrated: false });
  const jobs = new Map([
    ['job-1', 'completed' as const],
    ['job-2', 'completed' as const],
  ]);

  /**
   * Makes the call, kills its connection after the server has executed the statement that takes effect, and repeats the call as a
   * service does.
   */
  async function afterLoss<Result>(call: (at: Repositories) => Promise<Result>): Promise<Result> {
    const repeats = noRepeats();
    const repositories = createRepositories(dataSource());
    let isLost = false;
    let isOpen = false;
    watchStatements(dataSource(), async ({ sql, parameters }, ask) => {
      if (sql.startsWith('START TRANSACTION')) isOpen = true;
      if (isLost || !effects.test(sql) || (isOpen && !sql.startsWith('COMMIT'))) return;
      isLost = true;
      isOpen = false;
      await ask(sql, parameters);
      const [own] = (await ask('SELECT CONNECTION_ID() AS id')) as { id: number }[];
      await layer.database.session.query(`KILL ${own?.id}`);
    });
    const result = await repeated(repeats, () => call(repositories));
    expect(repeats).toEqual({ CONNECTION_LOST: 1, TRANSACTION_ABORTED: 0 });
    return result;
  }
  const newFlow = async (): Promise<string> => (await layer.repositories.flows.create(layer.newFlow())).id;
  const startedRun = async (flow_id?: string): Promise<string> =>
    (
      await layer.repositories.executions.start({
        flow_id: flow_id ?? (await newFlow()),
        execution_type: 'api',
      })
    ).id;
  const get = (id: string) => layer.repositories.executions.get(id);
  const runsOf = (flow: string): Promise<number> =>
    layer.count('SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?', [flow]);
  afterEach(async () => {
    expect(await wrongStatistics(layer.database.session)).toEqual([]);
  });

  it.each(['start', 'enqueue'] as const)(
    'makes one %s when it is repeated with the same id',
    async (call) => {
      const input = { id: uuidv7(), flow_id: await newFlow(), execution_type: 'api' as const };
      const made = await afterLoss(({ executions }) => executions[call](input));
      expect(made).toMatchObject({ id: input.id, status: call === 'start' ? 'running' : 'pending' });
      expect(await runsOf(input.flow_id)).toBe(1);
    },
  );

  it('makes one start, also if its run has ended and another one is under way', async () => {
    const input = { id: uuidv7(), flow_id: await newFlow(), execution_type: 'api' as const };
    let tries = 0;
    const made = await afterLoss(async ({ executions }) => {
      if ((tries += 1) === 2) {
        await layer.repositories.executions.finish(input.id, { status: 'success' });
        await startedRun(input.flow_id);
      }
      return executions.start(input);
    });
    expect(made).toMatchObject({ id: input.id, status: 'success' });
    expect(await runsOf(input.flow_id)).toBe(2);
  });

  it('records each job once when repeated, and settles by all of them', async () => {
    const id = await startedRun();
    await afterLoss(({ executions }) => executions.recordJobs(id, ['job-1'], { more: true }));
    await afterLoss(({ executions }) => executions.progress(id, { jobs_completed: 1 }));
    await afterLoss(({ executions }) => executions.recordJobs(id, ['job-1', 'job-2']));
    expect(await get(id)).toMatchObject({
      created_job_ids: [...jobs.keys()],
      jobs_created: 2,
      jobs_completed: 1,
    });
    expect(await afterLoss(({ executions }) => executions.settle(id, jobs))).toMatchObject({
      status: 'success',
    });
    expect(await get(id)).toMatchObject({ status: 'success', jobs_completed: 2 });
  });

  it('ends and counts the run once', async () => {
    const flow_id = await newFlow();
    const id = await startedRun(flow_id);
    expect(await afterLoss(({ executions }) => executions.finish(id, { status: 'error' }))).toBe(false);
    expect(await layer.repositories.flows.get(flow_id)).toMatchObject({
      total_executions: 1,
      failed_executions: 1,
    });
  });

  it.each(['begin', 'claimQueued', 'claimDue'] as const)(
    'leaves its worker without the run of %s, which is under way until the reaper ends it',
    async (call) => {
      const schedule_id = await yearlySchedule(layer.database.session);
      const due = call === 'claimDue' ? new Date('2026-01-01T00:00:00Z') : null;
      const [flow_id = ''] = await insertFlows(layer.database.session, {
        prefix: `${call}-`,
        count: 1,
        due,
        schedule_id,
      });
      const { executions } = layer.repositories;
      const queued =
        call === 'claimDue' ? null : await executions.enqueue({ flow_id, execution_type: 'api' });
      const answer = await afterLoss(async ({ dueFlows, executions: own }) => {
        if (call === 'begin') return own.begin(queued?.id ?? '');
        if (call === 'claimQueued') return dueFlows.claimQueued({ worker: 'worker-1' });
        return (await dueFlows.claimDue({ worker: 'worker-1' })).claimed;
      });
      expect(answer).toEqual(call === 'begin' ? false : []);
      const [run] = (await executions.history(flow_id)).items;
      expect(run).toMatchObject({ status: 'running' });
      await layer.database.session.query(
        `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
            SET e.started_at = '2026-01-02', f.last_execution_time = '2026-01-02' WHERE e.id = ?`,
        [run?.id],
      );
      expect(await executions.reapStale({ silenceMs: 60_000 })).toContain(run?.id);
      expect(await get(run?.id ?? '')).toMatchObject({ status: 'error' });
    },
  );
});
