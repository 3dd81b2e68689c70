import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { syncLimits, type ClusterNode } from '../../support/cluster-node';
import { connectionUrl } from '../../../src/testing/connection-url';
import { otherNodes, sharedServer } from '../../support/shared-server';
import type { NodeNetwork } from '../../support/node-network';
import { describeOnCluster, useCluster } from '../../support/use-cluster';
import { waitFor } from '../../support/wait-for';

async function withConnection<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection(url);
  connection.on('error', () => undefined);
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

async function valueOf(connection: Connection, sql: string): Promise<unknown> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${sql} AS value`);
  return rows[0]?.['value'];
}

// Guards that tests on the shared server run on a cluster if the environment asks for one.
describeOnCluster('the shared server', () => {
  it('has three nodes, accepts writes, and copies them to every node', async () => {
    const database = `nodes_${process.pid}`;
    await withConnection(connectionUrl(sharedServer()), (shared) =>
      shared.query(`CREATE DATABASE ${database}`),
    );
    const servers = [sharedServer(), ...otherNodes()].map((address) => connectionUrl(address));
    const seen = (server: Connection): Promise<unknown> =>
      valueOf(server, `EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${database}')`);
    expect(servers).toHaveLength(3);
    await waitFor(async () => {
      const found = await Promise.all(servers.map((url) => withConnection(url, seen)));
      return found.every((value) => Number(value) === 1);
    });
    await withConnection(connectionUrl(sharedServer()), (shared) =>
      shared.query(`DROP DATABASE ${database}`),
    );
  });
});

// Guards the test harness: it starts a cluster, and tests can stop and restart its nodes.
describeOnCluster('a cluster of three nodes', () => {
  const cluster = useCluster({ network: true });
  const ids = async (connection: Connection): Promise<number[]> => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM seen ORDER BY id');
    return rows.map((row) => Number(row['id']));
  };
  const insert = (node: ClusterNode, id: number): Promise<unknown> =>
    withConnection(node.url('shared'), async (connection) => {
      // The table exists once this node has caught up
      await connection.query(node.seeAllSql);
      await connection.query('INSERT INTO seen VALUES (?)', [id]);
    });

  beforeAll(async () => {
    await withConnection(cluster().nodes[0].url(), async (first) => {
      await first.query('CREATE DATABASE shared');
      await first.query('CREATE TABLE shared.seen (id int PRIMARY KEY) ENGINE=InnoDB');
    });
  });

  it('shows on every node the rows of every writable node', async () => {
    const written: number[] = [];
    for (const [index, node] of cluster().nodes.entries()) {
      if (!(await node.takesWrites())) continue;
      await insert(node, index + 1);
      written.push(index + 1);
    }
    expect(written).toContain(1);
    for (const node of cluster().nodes)
      await waitFor(async () => (await withConnection(node.url('shared'), ids)).join() === written.join());
  });

  it('keeps each GET_LOCK lock on one node only', async () => {
    const got = await Promise.all(
      cluster().nodes.map((node) =>
        withConnection(node.url(), (connection) => valueOf(connection, `GET_LOCK('one name', 0)`)),
      ),
    );
    expect(got.map(Number)).toEqual([1, 1, 1]);
  });

  it('continues without a killed node, which later joins again and catches up', async () => {
    const [first, second] = cluster().nodes;
    await second.kill();
    expect(await second.isSynced()).toBe(false);
    await first.waitUntilSynced(2);
    await insert(first, 10);
    await second.restart();
    await cluster().waitUntilSynced();
    expect(await withConnection(second.url('shared'), ids)).toContain(10);
  });

  it('continues without a hanging node, which joins again when it resumes', async () => {
    const [first, , third] = cluster().nodes;
    third.pause();
    try {
      await first.waitUntilSynced(2);
      expect(await third.isSynced()).toBe(false);
      await insert(first, 20);
    } finally {
      third.resume();
    }
    await cluster().waitUntilRecovered();
    await waitFor(async () => (await withConnection(third.url('shared'), ids)).includes(20));
  });

  const network = (): NodeNetwork => {
    const found = cluster().network;
    if (found === null) throw new Error('no message can be lost here; type `npm run setup:engines`, as root');
    return found;
  };

  it.each([
    ['neither receives nor sends', () => network().isolate(2)],
    ['does not send', () => network().mute(2)],
  ])(
    'continues without a node that %s but that clients still reach, and takes the node back',
    async (_what, cut) => {
      const [first, , third] = cluster().nodes;
      cut();
      try {
        await first.waitUntilSynced(2);
        await waitFor(async () => !(await third.state()).isSynced, syncLimits);
      } finally {
        network().mend();
      }
      await cluster().waitUntilRecovered();
    },
  );

  it('writes to another node when the one in use stops', async () => {
    const first = await cluster().writer();
    await first.kill();
    const next = await cluster().writer();
    expect(next.port).not.toBe(first.port);
    await insert(next, 30);
    await first.restart();
    await cluster().waitUntilSynced();
    await waitFor(async () => (await withConnection(first.url('shared'), ids)).includes(30));
  });
});
