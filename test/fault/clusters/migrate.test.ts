import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConnection, type Connection } from 'mysql2/promise';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { migrate } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { catalogDump } from '../../support/catalog-dump';
import { migrateProgram } from '../../support/migrate-programs';
import { packageFolder, runProgram } from '../../support/run-program';
import { countStatements, growth } from '../../support/statement-counts';
import { describeOnCluster, useCluster } from '../../support/use-cluster';
import { waitFor } from '../../support/wait-for';
import { migrationCount } from '../../support/migrations';

const rounds = Number(process.env['GALERA_ROUNDS'] ?? 2);
const processes = 16;
const leaseMs = 3_000;
const whole = /^sendense/;

/** A program that migrates, and its output so far. */
interface Migrating {
  readonly child: ChildProcess;
  readonly said: { readonly step?: string; readonly failed?: string; readonly applied?: string[] }[];
}

/** How many such statements a node has executed. */
interface Changes {
  readonly alter: number;
  readonly drop: number;
}

function startMigrating(url: string): Migrating {
  const register = join(packageFolder, 'test/support/register-swc.js');
  const program = join(packageFolder, 'test/fixtures/program-that-migrates.ts');
  const child = spawn(process.execPath, ['-r', register, program], {
    env: { PATH: process.env['PATH'], DATABASE_URL: url, LEASE_MS: String(leaseMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Migrating['said'] = [];
  createInterface(child.stdout!).on('line', (line) => {
    if (line.startsWith('{')) said.push(JSON.parse(line));
  });
  return { child, said };
}

// Guards that only one of many migrates works at a time, whichever node each uses, and that any of them may die.
describeOnCluster('migrates on several nodes of a cluster', () => {
  const cluster = useCluster();
  const opened: Connection[] = [];
  afterEach(async () => {
    for (const connection of opened.splice(0)) connection.destroy();
    for (const node of cluster().nodes) if (!node.isRunning) await node.restart();
    await cluster().waitUntilSynced();
  });

  const connect = async (node: number, name = ''): Promise<Connection> => {
    const connection = await createConnection(cluster().nodes[node]!.url(name));
    connection.on('error', () => undefined);
    opened.push(connection);
    return connection;
  };
  const sessionOn = async (node: number, name: string) => {
    const connection = await connect(node, name);
    await connection.query(cluster().nodes[node]!.seeAllSql);
    return { query: async (sql: string) => (await connection.query(sql))[0] };
  };
  const fresh = async (name: string): Promise<void> => {
    const writer = cluster().nodes.indexOf(await cluster().writer());
    await (await connect(writer)).query(`CREATE DATABASE ${name}`);
    for (const node of [0, 1, 2])
      await waitFor(async () => (await (await connect(node)).query(`SHOW DATABASES LIKE '${name}'`))[0]);
  };
  const urlFrom = (node: number, name: string): string => {
    const nodes = cluster().nodesFrom(node);
    const url = new URL(nodes[0]!.url(name));
    const hosts = nodes.map(({ host, port }) => `${host}:${port}`);
    return url.href.replace(url.host, hosts.join(','));
  };
  const migrateOn = async (node: number, name: string, onProgress?: (step: string) => void) => {
    const url = urlFrom(node, name);
    const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
    try {
      return await migrate(dataSource, {
        lockLeaseMs: leaseMs,
        onProgress: ({ step }) => onProgress?.(step),
      });
    } finally {
      await dataSource.destroy();
    }
  };
  const expectMigrated = async (name: string): Promise<void> => {
    for (const node of [0, 1, 2]) {
      const session = await sessionOn(node, name).catch(() => null);
      if (session === null) continue;
      expect(await catalogDump(session, whole)).toEqual(await reference());
      const history = await select(session, 'SELECT name FROM sendense_flow_migrations');
      expect(new Set(history.map((row) => row['name'])).size).toBe(migrationCount);
      expect(history).toHaveLength(migrationCount);
    }
  };
  let known: Promise<unknown> | undefined;
  const reference = (): Promise<unknown> =>
    (known ??= (async () => {
      await fresh('reference');
      await migrateOn(0, 'reference');
      return catalogDump(await sessionOn(0, 'reference'), whole);
    })());

  it(
    `all succeed with ${processes} at once, in ${rounds} rounds`,
    async () => {
      // A node also counts the statements that it applies for other nodes. CREATE TABLE and INSERT are not compared: several
      // migrates may send those for the lock's table, with IF NOT EXISTS
      const changes = async (): Promise<Changes[]> => {
        const counts = await Promise.all(cluster().nodes.map((node) => countStatements(node.url())));
        return counts.map(({ Com_alter_table: alter = 0, Com_drop_table: drop = 0 }) => ({ alter, drop }));
      };
      const before = await changes();
      await reference();
      await expectMigrated('reference');
      // The node of a working migrate also counts refused attempts. Sorted, because this may be any node
      const grown = (from: readonly Changes[], to: readonly Changes[]): Changes[] =>
        to
          .map(({ alter, drop }, node) => ({
            alter: alter - from[node]!.alter,
            drop: drop - from[node]!.drop,
          }))
          .sort((one, other) => other.alter - one.alter);
      const once = grown(before, await changes());
      for (let round = 1; round <= rounds; round += 1) {
        const name = `round_${round}`;
        await fresh(name);
        const start = await changes();
        const ends = await Promise.all(
          Array.from({ length: processes }, (_, at) =>
            runProgram(process.execPath, migrateProgram(at), {
              env: { DATABASE_URL: urlFrom(at % 3, name) },
            }),
          ),
        );
        expect(ends.filter(({ exitCode }) => exitCode !== 0).map(({ output }) => output)).toEqual([]);
        await expectMigrated(name);
        expect(grown(start, await changes())).toEqual(once);
      }
      console.log(JSON.stringify({ rounds, processes: rounds * processes, nodes: 3, once }));
    },
    120_000 + rounds * 120_000,
  );

  it('continue within the lease time when the process of the lock holder is killed', async () => {
    await fresh('process_killed');
    const holder = startMigrating(urlFrom(0, 'process_killed'));
    await waitFor(() => holder.said.some(({ step }) => step?.startsWith('create table')), {
      timeoutMs: 60_000,
    });
    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    await migrateOn(1, 'process_killed');
    await expectMigrated('process_killed');
  }, 180_000);

  it('continue when the node of the lock holder is killed', async () => {
    await fresh('node_killed');
    const node = await cluster().writer();
    const holder = startMigrating(node.url('node_killed'));
    await waitFor(() => holder.said.some(({ step }) => step?.startsWith('create table')), {
      timeoutMs: 60_000,
    });
    await node.kill();
    await waitFor(() => holder.said.some(({ failed }) => failed !== undefined), { timeoutMs: 60_000 });
    await cluster().writer();
    await migrateOn(0, 'node_killed');
    await expectMigrated('node_killed');
  }, 180_000);

  it('take over from a stalled migrate, which then stops and says so', async () => {
    await fresh('stood_still');
    const stale = startMigrating(urlFrom(0, 'stood_still'));
    await waitFor(() => stale.said.some(({ step }) => step?.startsWith('create table')), {
      timeoutMs: 60_000,
    });
    stale.child.kill('SIGSTOP');
    const waits: string[] = [];
    await migrateOn(1, 'stood_still', (step) => step.startsWith('wait for') && waits.push(step));
    expect(waits[0]).toContain(`pid ${stale.child.pid} on `);
    // Wait until every node has applied everything, so that later counts are the stalled migrate's own statements
    await expectMigrated('stood_still');
    const node = (await cluster().writer()).url();
    const before = await countStatements(node);
    stale.child.kill('SIGCONT');
    await once(stale.child, 'exit');
    expect(stale.said.at(-1)).toEqual({ failed: 'LOCK_LOST' });
    const { Com_alter_table: alters = 0, Com_create_table: creates = 0 } = growth(
      before,
      await countStatements(node),
    );
    expect(alters + creates).toBeLessThanOrEqual(1);
    await expectMigrated('stood_still');
  }, 180_000);
});
