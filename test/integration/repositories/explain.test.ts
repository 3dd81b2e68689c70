import { createRepositories, type ExecutionFilter, type Repositories } from '../../../src/repositories';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { calls } from './explain-calls';
import { flowId, growDatabase } from './explain-grown-database';
import { publicMethods } from './explain-methods';
import { describePlan, plansOf, readsOf, type Fault, type Plan } from './explain-plans';

/** A fault of a plan that the tests accept. */
interface Exception {
  readonly method: string;
  /** Part of the statement, with single spaces. */
  readonly sql: string;
  readonly faults: readonly Fault[];
  readonly because: string;
  /** The servers with this fault. Default: all. */
  readonly on?: 'mariadb' | 'mysql';
}

const exceptions: readonly Exception[] = [
  {
    method: 'FlowRepository.list',
    sql: 'SELECT COUNT(*) AS total FROM protection_flows f',
    faults: ['index-scan', 'scan'],
    because:
      'a count of flows reads all of them, and only on request; there is no index of their last status',
  },
  {
    method: 'FlowRepository.list',
    sql: 'f.schedule_id = ? ORDER BY f.name',
    faults: ['filesort'],
    because: 'the flows of one schedule are few, and sorted faster than all flows are read by their name',
  },
  {
    method: 'FlowRepository.list',
    sql: 'f.schedule_id = ? AND f.name',
    faults: ['filesort'],
    because: 'the flows of one schedule are few, and sorted faster than all flows are read by their name',
  },
  {
    method: 'FlowRepository.list',
    sql: 'WHERE f.next_execution_time IS NOT NULL ORDER BY',
    faults: ['scan', 'filesort'],
    because: 'there are only thousands of flows, and the index of their next time begins with enabled',
  },
  {
    method: 'FlowRepository.list',
    sql: 'WHERE (f.next_execution_time',
    faults: ['scan', 'filesort'],
    because: 'there are only thousands of flows, and the index of their next time begins with enabled',
  },
  {
    method: 'ExecutionRepository.list',
    sql: 'SELECT COUNT(*) AS total FROM protection_flow_executions e',
    faults: ['index-scan'],
    because: 'a count of runs reads all of them, and only on request',
  },
  {
    method: 'ExecutionRepository.list',
    sql: 'WHERE e.flow_id = ?',
    faults: ['filesort'],
    because: 'the runs of one flow are few, and no index of them has the order by start and id',
  },
  {
    method: 'ExecutionRepository.list',
    sql: 'WHERE e.status IN',
    faults: ['filesort'],
    because: 'the server sorts when few runs have a status; a test below limits how much it reads',
  },
  ...(['report', 'reportCsv'] as const).map((name): Exception => ({
    method: `FlowRepository.${name}`,
    sql: 'ROW_NUMBER() OVER',
    faults: ['filesort', 'temporary'],
    because: 'a report sorts the durations of the runs in its window, for the median',
  })),
  ...(['claimDue', 'plan'] as const).map((name): Exception => ({
    method: `DueFlowRepository.${name}`,
    sql: 'MIN(next_execution_time) AS earliest',
    faults: ['filesort', 'temporary'],
    because: 'there are only thousands of flows, and their times are grouped into one row for each schedule',
  })),
  {
    method: 'DueFlowRepository.claimDue',
    sql: 'SET next_execution_time = NULL WHERE enabled = 0',
    faults: ['temporary'],
    because: 'MySQL keeps the found rows in a temporary table, because it reads and writes the same index',
    on: 'mysql',
  },
  {
    method: 'TargetRepository.machines',
    sql: 'LEFT JOIN (SELECT',
    faults: ['filesort', 'temporary'],
    because: 'the backups of the newest runs of one flow are grouped by VM, and the VMs are sorted',
  },
  ...(['ExecutionRepository.listRunning', 'ExecutionRepository.findRunningByJob'] as const).map(
    (method): Exception => ({
      method,
      sql: "e.status = 'running'",
      faults: ['filesort'],
      because:
        'the runs under way are few, and sorted by time, because the ids of the hub do not grow with time',
    }),
  ),
  {
    method: 'DueFlowRepository.claimQueued',
    sql: 'SELECT e.id, e.created_at FROM',
    faults: ['filesort'],
    because: 'the queued runs are few, and sorted by time, because the ids of the hub do not grow with time',
  },
  ...(['claimDue', 'claimQueued'] as const).flatMap((name) =>
    ['SELECT DISTINCT c.repository_id FROM', 'SELECT p.id FROM'].map((sql): Exception => ({
      method: `DueFlowRepository.${name}`,
      sql,
      faults: ['filesort', 'temporary'],
      because: 'due flows and runs under way are few, and counted by backup repository',
    })),
  ),
  {
    method: 'DueFlowRepository.claimDue',
    sql: 'FORCE INDEX (PRIMARY) WHERE f.enabled = 1',
    faults: ['filesort'],
    because: 'the few chosen flows are sorted by their due time',
  },
  ...(['claimDue', 'plan'] as const).map((method) => ({
    method: `DueFlowRepository.${method}` as const,
    sql: 'SELECT f.schedule_id, f.enabled, t.state',
    faults: ['scan', 'index-scan', 'temporary', 'filesort'] as const,
    because: 'changed timetables are looked for in all flows at once, which claims do once in 30 seconds',
  })),
  {
    method: 'RetentionRepository.prune',
    sql: 'SELECT COUNT(*) AS total, CURRENT_TIMESTAMP AS now FROM protection_flows',
    faults: ['index-scan'],
    because: 'the progress needs the number of flows once per prune, which goes through all of them',
  },
  {
    method: 'RetentionRepository.recount',
    sql: 'SELECT COUNT(*) AS total FROM protection_flows',
    faults: ['index-scan'],
    because: 'the progress needs the number of flows once per recount, which goes through all of them',
  },
  {
    method: 'RetentionRepository.recount',
    sql: 'SELECT * FROM ( SELECT s.*',
    faults: ['temporary', 'filesort', 'scan', 'index-scan'],
    because:
      'the runs of a batch of flows are counted, in two indexes; the server chooses how it groups them',
  },
];

// Guards that no poll reads the whole history, which nobody would notice before the tables are large.
describe('the statements of the repositories, on grown tables', () => {
  const database = useDatabase();
  useDataSource(database);
  let dataSource: ProtectionFlowsDataSource;
  let repositories: Repositories;
  const isMariaDb = sharedServer().flavour === 'mariadb';
  const used = new Set<Exception>();

  beforeAll(async () => {
    await growDatabase(database.session);
    // One connection, so that its counters are those of the call
    dataSource = await createDataSource({ ...database.settings, poolSize: 1 }).initialize();
    repositories = createRepositories(dataSource);
  });
  afterAll(() => dataSource.destroy());

  const isExcused = (method: string, plan: Plan): boolean => {
    const excuse = exceptions.find(
      (one) =>
        one.method === method &&
        (one.on === undefined || (one.on === 'mariadb') === isMariaDb) &&
        plan.sql.includes(one.sql) &&
        plan.faults.every((fault) => one.faults.includes(fault)),
    );
    if (excuse !== undefined) used.add(excuse);
    return excuse !== undefined;
  };

  it('are tested for every public method', () => {
    expect(publicMethods().sort()).toEqual(Object.keys(calls).sort());
    expect(Object.keys(repositories).sort()).toEqual([
      'dueFlows',
      'executions',
      'flows',
      'retention',
      'targets',
    ]);
  });

  it.each(Object.entries(calls))('of %s neither scan a table nor sort rows', async (method, call) => {
    const plans = await plansOf(dataSource, () => call(repositories));
    if (process.env['EXPLAIN_SHOW'] === '1') console.log(plans.map(describePlan).join('\n'));
    const faulty = plans.filter((plan) => plan.faults.length > 0 && !isExcused(method, plan));
    expect(faulty.map(describePlan)).toEqual([]);
    // A call that sends nothing proves nothing
    expect(plans.length > 0).toBe(!method.endsWith('.withManager'));
  });

  // The queries that run every few seconds, or for every flow on the screen
  it.each([
    [
      'due flows',
      'DueFlowRepository.claimDue',
      'f.enabled = 1 AND f.next_execution_time <=',
      'f',
      'idx_flows_due',
    ],
    ['a history', 'ExecutionRepository.history', 'ORDER BY e.created_at DESC', 'e', 'idx_executions_history'],
    ['runs under way', 'ExecutionRepository.listRunning', "e.status = 'running'", 'e', 'idx_status'],
    [
      'the progress of runs',
      'ExecutionRepository.progress',
      "e.status = 'running' AND e.flow_id IN",
      'e',
      'idx_status',
    ],
    ['a report', 'FlowRepository.report', 'ROW_NUMBER() OVER', 'e', 'idx_execution_time'],
    ['machines', 'TargetRepository.machines', 'LEFT JOIN (SELECT', 'e', 'idx_executions_history'],
    ['runs since a time', 'ExecutionRepository.list', 'AND e.started_at >= ?', 'e', 'idx_execution_time'],
    ['flows by name', 'FlowRepository.list', 'FORCE INDEX (uq_flows_name)', 'f', 'uq_flows_name'],
  ] as const)('find %s in the index made for this query', async (_, method, part, table, key) => {
    const plans = (await plansOf(dataSource, () => calls[method](repositories))).filter(({ sql }) =>
      sql.includes(part),
    );
    const keys = plans.map(({ rows }) => rows.find((row) => row.table === table)?.key);
    expect(keys).toEqual(plans.map(() => key));
    expect(keys.length).toBeGreaterThan(0);
  });

  const flows = (count: number): string[] => Array.from({ length: count }, (_, n) => flowId(1_000 + n));

  it('read about one entry per flow for the latest runs, however long the histories', async () => {
    const { executions } = repositories;
    const reads = await readsOf(dataSource, () => executions.latest(flows(500)));
    expect(reads).toBeLessThan(500 * 6);
  });

  it('read only a page for a page of the history', async () => {
    const { executions } = repositories;
    const reads = await readsOf(dataSource, () => executions.history(flowId(1_000)));
    expect(reads).toBeLessThan(20);
    const { next } = await executions.history(flowId(1_000), { limit: 50 });
    expect(await readsOf(dataSource, () => executions.history(flowId(1_000), { after: next }))).toBeLessThan(
      20,
    );
  });

  it.each<[string, ExecutionFilter]>([
    ['all runs', {}],
    ['a status that most runs have', { status: 'success' }],
    ['a status that few runs have', { status: ['running', 'pending'] }],
    ['one flow', { flow_id: flowId(1_000) }],
  ])('read only a page for a list of %s', async (_title, filter) => {
    const { executions } = repositories;
    const { next } = await executions.list(filter, { limit: 10 });
    expect(await readsOf(dataSource, () => executions.list(filter, { limit: 10 }))).toBeLessThan(500);
    expect(await readsOf(dataSource, () => executions.list(filter, { limit: 10, after: next }))).toBeLessThan(
      500,
    );
  });

  it('read only the due flows for a claim', async () => {
    await database.session.query(
      "UPDATE protection_flows SET next_execution_time = '2026-01-01' WHERE id IN (?)",
      [flows(40)],
    );
    const reads = await readsOf(dataSource, () =>
      repositories.dueFlows.claimDue({ worker: 'explained', limit: 20 }),
    );
    expect(reads).toBeLessThan(20 * 20);
  });

  it('have no needless exception', () => {
    const here = exceptions.filter(({ on }) => on === undefined || (on === 'mariadb') === isMariaDb);
    expect(here.filter((one) => !used.has(one)).map(({ method, sql }) => [method, sql])).toEqual([]);
  });
});
