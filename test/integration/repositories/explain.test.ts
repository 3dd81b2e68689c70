import { createRepositories, type Repositories } from '../../../src/repositories';
import { createDataSource } from '../../../src/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/migrator';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { calls } from './explain-calls';
import { growDatabase } from './explain-grown-database';
import { publicMethods } from './explain-methods';
import { describePlan, planOf, type Fault, type Plan } from './explain-plans';
import { watchStatements } from './explain-statements';

/** A fault that is as it should be. */
interface Exception {
  readonly method: string;
  /** Part of the statement, with single spaces. */
  readonly sql: string;
  readonly faults: readonly Fault[];
  readonly because: string;
  /** Only there. Default: on all servers. */
  readonly on?: 'mariadb' | 'mysql';
}

const exceptions: readonly Exception[] = [
  {
    method: 'FlowRepository.list',
    sql: 'SELECT COUNT(*) AS total FROM protection_flows f',
    faults: ['index-scan'],
    because: 'all flows are to be counted, which is asked for by itself',
  },
  {
    method: 'RetentionRepository.prune',
    sql: 'SELECT COUNT(*) AS total FROM protection_flows',
    faults: ['index-scan'],
    because: 'the progress says how many flows there are, once a prune, which goes through all of them',
  },
];

// Without these, a query could read the whole history at each poll, and nobody would know before the tables are large.
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

  /** What the server would do for each statement of the call, asked right before it is executed. */
  async function plansOf(call: (at: Repositories) => Promise<unknown>): Promise<Plan[]> {
    const plans: Plan[] = [];
    watchStatements(dataSource, async (statement, ask) => {
      const plan = await planOf(statement, ask, isMariaDb);
      if (plan !== null) plans.push(plan);
    });
    try {
      await call(repositories);
    } finally {
      watchStatements(dataSource, () => undefined);
    }
    return plans;
  }
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

  it('are known for every public method', () => {
    expect(publicMethods().sort()).toEqual(Object.keys(calls).sort());
    expect(Object.keys(repositories).sort()).toEqual([
      'dueFlows',
      'executions',
      'flows',
      'retention',
      'targets',
    ]);
  });

  it.each(Object.entries(calls))('%s neither scans a table nor sorts rows', async (method, call) => {
    const plans = await plansOf(call);
    if (process.env['EXPLAIN_SHOW'] === '1') console.log(plans.map(describePlan).join('\n'));
    const faulty = plans.filter((plan) => plan.faults.length > 0 && !isExcused(method, plan));
    expect(faulty.map(describePlan)).toEqual([]);
    // A call that sends nothing proves nothing
    expect(plans.length > 0).toBe(!method.endsWith('.withManager'));
  });

  it('have no exception that is not needed', () => {
    const here = exceptions.filter(({ on }) => on === undefined || (on === 'mariadb') === isMariaDb);
    expect(here.filter((one) => !used.has(one)).map(({ method, sql }) => [method, sql])).toEqual([]);
  });
});
