import { createConnection } from 'mysql2/promise';
import { migrate } from '../../../src/engine/migrate';
import { createRepositories, type Repositories } from '../../../src/repositories';
import { createPlatformTables } from '../../../src/testing';
import { sessionOf } from '../../../src/testing/throw-away-database';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { describeOnCluster, useCluster } from '../../support/use-cluster';
import { waitFor } from '../../support/wait-for';
import { insertFlows, yearlySchedule } from '../claims-flows';

const database = 'same_row';
const callsOfEach = 60;

/** Guards that the package repeats a call that loses a row to another node, also at COMMIT, so that no caller sees an error. */
describeOnCluster('calls on every node that write the same row at the same time', () => {
  const cluster = useCluster();
  const opened: ProtectionFlowsDataSource[] = [];
  afterAll(async () => {
    for (const dataSource of opened) await dataSource.destroy();
  });

  const connectTo = async (first: number): Promise<ProtectionFlowsDataSource> => {
    const { username, password } = cluster().nodes[0];
    const hosts = cluster().nodesFrom(first);
    const dataSource = createDataSource({
      username,
      password,
      database,
      hosts: hosts.map(({ host, port }) => ({ host, port })),
    });
    opened.push(dataSource);
    return dataSource.initialize();
  };

  it('all take effect, each once', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const writer = await cluster().writer();
    const connection = await createConnection(writer.url());
    await connection.query(`CREATE DATABASE ${database}`);
    await connection.changeUser({ database });
    await createPlatformTables(sessionOf(connection));
    await migrate(await connectTo(0));
    const schedule_id = await yearlySchedule(sessionOf(connection));
    const [flow_id = ''] = await insertFlows(sessionOf(connection), { prefix: 'f', count: 1, schedule_id });
    connection.destroy();
    const nodes = [
      createRepositories(opened[0]!),
      createRepositories(await connectTo(1)),
      createRepositories(await connectTo(2)),
    ];
    const { id } = await nodes[0]!.executions.start({ flow_id, execution_type: 'api' });
    const isThere = ({ executions }: Repositories): Promise<boolean> =>
      executions.get(id).then(
        () => true,
        () => false,
      );
    for (const node of nodes) await waitFor(() => isThere(node));

    const jobsOf = (node: number): string[] => Array.from({ length: callsOfEach }, (_, n) => `${node}-${n}`);
    await Promise.all(
      nodes.map(async ({ executions }, node) => {
        for (const job of jobsOf(node)) expect(await executions.recordJobs(id, [job])).toBe(true);
      }),
    );
    for (const { executions } of nodes)
      await waitFor(async () => (await executions.get(id)).created_job_ids?.length === 3 * callsOfEach);
    const { created_job_ids: jobs } = await nodes[0]!.executions.get(id);
    expect([...jobs!].sort()).toEqual([0, 1, 2].flatMap(jobsOf).sort());
  });
});
