import { createRepositories, type NewFlow, type Repositories } from '../../../src';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import type { TestDatabase } from '../../support/database';
import { addPlatformRows, backupOfGroup } from './platform';
import { waitForPrograms, type Program } from './programs';

/** Runs of backup flows of the group with three VMs, and their results. */
export interface Runs {
  readonly repositories: Repositories;
  /** Registers the program to be killed after the test. */
  keep(program: Promise<Program>): Promise<Program>;
  /** Creates a flow with a queued run, and returns the run's id. */
  enqueue(): Promise<string>;
  /** Queues a run, waits until its three backups run, and returns the run's id. */
  underWay(): Promise<string>;
  statusOf(id: string): Promise<string>;
  /** The states of the run's backup jobs. */
  jobStates(id: string): Promise<string[]>;
}

/** Registers hooks that add the platform's rows before the tests, and remove flows and programs after each. */
export function useRuns(database: TestDatabase, dataSource: () => ProtectionFlowsDataSource): Runs {
  let repositories: Repositories;
  let programs: Program[] = [];
  beforeAll(async () => {
    await addPlatformRows(database);
    repositories = createRepositories(dataSource());
  });
  afterEach(async () => {
    for (const program of programs) program.kill('SIGKILL');
    await Promise.all(programs.map((program) => program.ended));
    programs = [];
    await dataSource().query('DELETE FROM protection_flows');
  });

  const runs: Runs = {
    get repositories() {
      return repositories;
    },
    async keep(program) {
      programs.push(await program);
      return program;
    },
    async enqueue() {
      const flow = await repositories.flows.create(backupOfGroup() as NewFlow);
      return (await repositories.executions.enqueue({ flow_id: flow.id, execution_type: 'manual' })).id;
    },
    async underWay() {
      const id = await runs.enqueue();
      await waitForPrograms(
        async () => (await runs.jobStates(id)).filter((one) => one === 'running').length === 3,
      );
      return id;
    },
    async statusOf(id) {
      return (await repositories.executions.get(id)).status;
    },
    async jobStates(id) {
      const { created_job_ids } = await repositories.executions.get(id);
      const sql = 'SELECT status FROM backup_jobs WHERE id IN (?)';
      return (await dataSource().query<{ status: string }[]>(sql, [created_job_ids])).map(
        ({ status }) => status,
      );
    },
  };
  return runs;
}
