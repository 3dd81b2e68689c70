import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { join } from 'node:path';
import type * as Package from '../../src';
import { packageFolder } from '../support/run-program';
import { waitFor } from '../support/wait-for';
import { sightOf } from './calls';
import type { Settings } from './contestants/package';
import type { Fact, Step } from './checker';
import type { Effects, Recorder } from './recorder';
import type { Target } from './targets';

const client = 'rest';
const isRefusal = (): boolean => false;

interface Unended {
  readonly id: string;
  readonly flow: string;
  readonly status: string;
}

/** Connects to a node. The session sees everything that was committed before on any node. */
async function connectTo(target: Target, place: number, database: string): Promise<Connection> {
  const connection = await createConnection({ uri: target.nodes[place]!.url(database), timezone: 'Z' });
  connection.on('error', () => undefined);
  if (target.seeAllSql !== null) await connection.query(target.seeAllSql);
  return connection;
}

async function rowsOf<Row extends object>(connection: Connection, sql: string): Promise<Row[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return rows as unknown as Row[];
}

/** Ends the runs that the processes left: reaps those under way as silent, and cancels those that wait. */
export async function endAll(target: Target, settings: Settings, recorder: Recorder): Promise<void> {
  const own = (await import(join(packageFolder, 'dist', 'index.js'))) as typeof Package;
  const dataSource = await own.createDataSource(settings).initialize();
  const { executions } = own.createRepositories(dataSource);
  const connection = await connectTo(target, 0, settings.database);
  const unended = (): Promise<Unended[]> =>
    rowsOf(
      connection,
      `SELECT id, flow_id AS flow, status FROM protection_flow_executions WHERE status IN ('pending', 'running')`,
    );
  try {
    await waitFor(
      async () => {
        const running = (await unended()).filter(({ status }) => status === 'running');
        if (running.length === 0) return true;
        const flows = new Map(running.map(({ id, flow }) => [id, flow]));
        const factsOf = (ids: readonly string[]): Effects => ({
          facts: ids.flatMap((id): Fact[] => [
            { entered: id, state: 'error' },
            { added: `failed ${flows.get(id)}`, by: 1 },
          ]),
        });
        const reap = (): Promise<string[]> =>
          executions.reapStale({ silenceMs: 1, withoutSignOfLifeMs: 1, limit: 1_000 });
        await recorder.record(client, 'reapStale', factsOf([...flows.keys()]), reap, factsOf, { isRefusal });
        return false;
      },
      { timeoutMs: 60_000, pollMs: 100 },
    );
    for (const { id } of await unended()) {
      const facts: Fact[] = [{ entered: id, state: 'cancelled' }];
      await recorder.record(
        client,
        'cancel',
        { facts },
        () => executions.cancel(id),
        (done) => (done ? { facts } : {}),
        {
          isRefusal,
        },
      );
    }
  } finally {
    connection.destroy();
    await dataSource.destroy();
  }
}

interface RunRow {
  readonly id: string;
  readonly flow: string;
  readonly status: string;
  readonly jobs: string | readonly string[] | null;
  readonly machines: number;
}

async function readNode(connection: Connection): Promise<{ steps: Step[]; facts: Fact[] }> {
  const runs = await rowsOf<RunRow>(
    connection,
    `SELECT id, flow_id AS flow, status, created_job_ids AS jobs, vms_processed AS machines FROM protection_flow_executions`,
  );
  const sights = runs.map(({ jobs, ...run }) =>
    sightOf({ ...run, jobs: (typeof jobs === 'string' ? (JSON.parse(jobs) as string[]) : jobs) ?? [] }),
  );
  const counters = await rowsOf<Record<string, string | number>>(
    connection,
    `SELECT f.id, f.total_executions AS total, f.successful_executions AS successful, f.failed_executions AS failed,
            COUNT(e.started_at) AS runs, COALESCE(SUM(e.status = 'success' AND e.started_at IS NOT NULL), 0) AS successes,
            COALESCE(SUM(e.status = 'error' AND e.started_at IS NOT NULL), 0) AS failures
       FROM protection_flows f LEFT JOIN protection_flow_executions e ON e.flow_id = f.id GROUP BY f.id`,
  );
  const sums = { total: 'runs', successful: 'successes', failed: 'failures' };
  return {
    steps: sights.flatMap(({ steps }) => steps),
    facts: [
      ...sights.flatMap(({ facts }) => facts),
      ...counters.flatMap((row) =>
        Object.entries(sums).flatMap(([name, sum]): Fact[] => [
          { counted: `${name} ${row['id']}`, value: Number(row[name]) },
          { summed: `${name} ${row['id']}`, value: Number(row[sum]) },
        ]),
      ),
    ],
  };
}

/** Reads all rows on each node. A row that is missing now is lost. */
export async function readAll(target: Target, database: string, recorder: Recorder): Promise<void> {
  for (const place of target.nodes.keys()) {
    const connection = await connectTo(target, place, database);
    try {
      const read = (): Promise<Effects> => readNode(connection);
      const seen = await recorder.record(client, `node ${place}`, {}, read, (effects) => effects, {
        isRefusal,
        final: true,
      });
      if (seen === null) throw new Error(`node ${place} could not be read at rest`);
    } finally {
      connection.destroy();
    }
  }
}
