import { createConnection } from 'mysql2/promise';
import { setTimeout as pause } from 'node:timers/promises';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { isProtectionFlowsError } from '../../../src/errors';
import { migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { createRepositories, type Repositories } from '../../../src/repositories';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { createPlatformTables } from '../../../src/testing';
import { sessionOf } from '../../../src/testing/throw-away-database';
import type { ClusterNode } from '../../support/cluster-node';
import { startHaproxy } from '../../support/haproxy';
import { describeOnCluster, describeOnGalera, useCluster } from '../../support/use-cluster';
import { insertFlows, yearlySchedule } from '../claims-flows';
import { runningTwice, wrongStatistics } from '../completions-recount';

const schedulers = 4;
const dueFlows = 400;
const claimLimit = 5;
/** How long a service repeats its calls: a group of MySQL servers takes 20 s to elect another primary. */
const patienceMs = 90_000;
const due = new Date('2026-01-01T00:00:00Z');
const database = 'failover';
/** The error codes after which a service repeats a call. A failover can cause any of them. */
const passing = ['CONNECTION_LOST', 'SERVER_NOT_READY', 'NO_WRITABLE_HOST', 'TRANSACTION_ABORTED'];

/** The addresses at which a program finds the cluster. */
interface Hosts {
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  stop?(): Promise<void>;
}

/** Guards that the loss of a cluster node loses no acknowledged write, and makes no run happen twice. */
function losesNothing(hostsOf: (nodes: readonly ClusterNode[]) => Promise<Hosts>): void {
  const cluster = useCluster();
  let hosts: Hosts;
  const opened: ProtectionFlowsDataSource[] = [];
  const closers: (() => void)[] = [];
  afterAll(async () => {
    for (const dataSource of opened) await dataSource.destroy().catch(() => undefined);
    for (const close of closers) close();
    await hosts?.stop?.();
  });
  beforeEach(() => jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined));
  afterEach(() => jest.restoreAllMocks());

  const connect = async (): Promise<ProtectionFlowsDataSource> => {
    const { username, password } = cluster().nodes[0];
    const settings = { username, password, database, poolSize: 3, connectTimeoutMs: 5_000 };
    const dataSource = createDataSource({ ...settings, hosts: [...hosts.addresses] });
    opened.push(dataSource);
    return dataSource.initialize();
  };
  /** Opens a session that sees everything committed anywhere in the cluster. */
  const sessionAt = async (node: ClusterNode): Promise<Queryable> => {
    const connection = await createConnection({ uri: node.url(database), timezone: 'Z' });
    connection.on('error', () => undefined);
    closers.push(() => connection.destroy());
    await connection.query(`SET time_zone = '+00:00'`);
    await connection.query(node.seeAllSql);
    return sessionOf(connection);
  };

  beforeAll(async () => {
    const [first] = cluster().nodes;
    hosts = await hostsOf(cluster().nodes);
    const connection = await createConnection(first.url());
    await connection.query(`CREATE DATABASE ${database}`);
    connection.destroy();
    await createPlatformTables(await sessionAt(first));
    await migrate(await connect());
  });

  it('claim and end every due run once while the node that they write to is killed', async () => {
    const [first, , third] = cluster().nodes;
    const session = await sessionAt(third);
    const writer = await sessionAt(first);
    const schedule_id = await yearlySchedule(writer);
    const ids = await insertFlows(writer, { prefix: 'due-', count: dueFlows, due, schedule_id });
    const faults: string[] = [];
    const ended = new Map<string, string>();
    const twice: string[] = [];
    let endedSinceKill = 0;
    let isKilled = false;

    const deadline = Date.now() + patienceMs;

    const repeated = async <Result>(call: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await call();
        } catch (error) {
          if (!isProtectionFlowsError(error) || !passing.includes(error.code)) throw error;
          faults.push(error.code);
          if (Date.now() > deadline) throw error;
          // A service also repeats such a call, after a pause
          await pause(20);
        }
      }
    };
    const work = async (at: Repositories, worker: string): Promise<void> => {
      for (;;) {
        const claim = { worker, limit: claimLimit };
        const { claimed } = await repeated(() => at.dueFlows.claimDue(claim));
        if (claimed.length === 0) return;
        for (const { flow, execution } of claimed) {
          if (ended.has(flow.id)) twice.push(flow.id);
          ended.set(flow.id, execution.id);
          await repeated(() => at.executions.finish(execution.id, { status: 'success' }));
          if (isKilled) endedSinceKill += 1;
          else if (ended.size >= dueFlows / 4) {
            isKilled = true;
            await first.kill();
          }
        }
      }
    };
    const sources = await Promise.all(Array.from({ length: schedulers }, () => connect()));
    await Promise.all(sources.map((source, n) => work(createRepositories(source), `scheduler-${n}`)));

    expect(faults).toContain('CONNECTION_LOST');
    expect(endedSinceKill).toBeGreaterThan(dueFlows / 4);
    expect(twice).toEqual([]);
    const runs = await select<{ id: string; flow_id: string; status: string }>(
      session,
      'SELECT id, flow_id, status FROM protection_flow_executions',
    );
    expect(runs.map(({ flow_id }) => flow_id).sort()).toEqual(ids);
    expect(
      runs
        .filter(({ status }) => status === 'success')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ended.values()].sort());
    // The node died before it answered the claim, so the run has no worker until the reaper ends it
    const unheard = runs.filter(({ status }) => status !== 'success');
    expect(unheard.filter(({ status }) => status !== 'running')).toEqual([]);
    expect(unheard.length).toBeLessThanOrEqual(schedulers * claimLimit);
    expect(await runningTwice(session)).toEqual([]);
    expect(await wrongStatistics(session)).toEqual([]);

    await first.restart();
    await cluster().waitUntilSynced();
  });
}

describeOnCluster('programs with the three nodes as hosts', () => {
  losesNothing((nodes) => Promise.resolve({ addresses: nodes.map(({ host, port }) => ({ host, port })) }));
});

// The secondaries of a group look available to a proxy that does not ask for the primary
describeOnGalera('programs that know the cluster by HAProxy alone', () => {
  losesNothing(async (nodes) => {
    const { host, port, stop } = await startHaproxy(nodes);
    return { addresses: [{ host, port }], stop };
  });
});
