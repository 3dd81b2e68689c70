import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { connectionUrl } from '../../../src/testing/connection-url';
import { otherNodes, sharedServer } from '../../support/shared-server';
import { describeOnGalera, useGaleraCluster } from '../../support/use-galera-cluster';
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

// Guards that tests on the shared server run on a cluster when they are told to.
describeOnGalera('the shared server', () => {
  it('is one of three nodes', async () => {
    const urls = [sharedServer(), ...otherNodes()].map((address) => connectionUrl(address));
    const names = urls.map((url) => withConnection(url, (node) => valueOf(node, '@@wsrep_node_name')));
    expect(await Promise.all(names)).toEqual(['node-1', 'node-2', 'node-3']);
  });
});

// Guards the harness: what it starts is a cluster, and its nodes go and come as tests want them to.
describeOnGalera('a Galera cluster of three nodes', () => {
  const cluster = useGaleraCluster();
  const each = <T>(work: (connection: Connection) => Promise<T>): Promise<T[]> =>
    Promise.all(cluster().nodes.map((node) => withConnection(node.url('shared'), work)));
  const ids = async (connection: Connection): Promise<number[]> => {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM seen ORDER BY id');
    return rows.map((row) => Number(row['id']));
  };

  beforeAll(async () => {
    await withConnection(cluster().nodes[0].url(), async (first) => {
      await first.query('CREATE DATABASE shared');
      await first.query('CREATE TABLE shared.seen (id int PRIMARY KEY) ENGINE=InnoDB');
    });
  });

  it("sees every node's rows on every node", async () => {
    for (const [index, node] of cluster().nodes.entries()) {
      await withConnection(node.url('shared'), async (connection) => {
        // The table is there as soon as this node has caught up
        await connection.query('SET SESSION wsrep_sync_wait = 15');
        await connection.query('INSERT INTO seen VALUES (?)', [index + 1]);
      });
    }
    await waitFor(async () => (await each(ids)).every((found) => found.join() === '1,2,3'));
  });

  it('has locks of GET_LOCK on each node alone', async () => {
    const got = await each((connection) => valueOf(connection, `GET_LOCK('one name', 0)`));
    expect(got.map(Number)).toEqual([1, 1, 1]);
  });

  it('goes on without a node that was killed, which joins again with what it missed', async () => {
    const [first, second] = cluster().nodes;
    await second.kill();
    expect(await second.isSynced()).toBe(false);
    await first.waitUntilSynced(2);
    await withConnection(first.url('shared'), (connection) =>
      connection.query('INSERT INTO seen VALUES (10)'),
    );
    await second.restart();
    await cluster().waitUntilSynced();
    expect(await withConnection(second.url('shared'), ids)).toContain(10);
  });

  it('goes on without a node that hangs, which joins again when it goes on', async () => {
    const [first, , third] = cluster().nodes;
    third.pause();
    try {
      await first.waitUntilSynced(2);
      expect(await third.isSynced()).toBe(false);
      await withConnection(first.url('shared'), (connection) =>
        connection.query('INSERT INTO seen VALUES (20)'),
      );
    } finally {
      third.resume();
    }
    await cluster().waitUntilSynced();
    expect(await withConnection(third.url('shared'), ids)).toContain(20);
  });
});
