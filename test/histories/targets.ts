import { createConnection } from 'mysql2/promise';
import { getServerInstallation } from '../../src/testing/server-installation';
import { startPrivateServer, type PrivateServer } from '../../src/testing/private-server';
import type { Cluster } from '../support/cluster';
import type { ClusterNode } from '../support/cluster-node';
import { startGaleraCluster } from '../support/galera-cluster';
import { startGroupCluster } from '../support/group-cluster';
import type { NodeNetwork } from '../support/node-network';
import { waitFor } from '../support/wait-for';
import type { AnomalyName } from './checker';
import { mountSmallDisk, type SmallDisk } from './small-disk';

/** The servers that histories are played on. */
export interface Target {
  readonly name: string;
  readonly nodes: readonly PrivateServer[];
  /** The anomalies that reads may show on such servers (docs/scale-out.md). They are printed, but are no fault. */
  readonly natural: readonly AnomalyName[];
  /** SQL that makes a node's session see everything that was committed on any node; null if there is one node. */
  readonly seeAllSql: string | null;
  /** The small file system of its files; null if the files are on the machine's own. */
  readonly smallDisk: SmallDisk | null;
  /** The network between the nodes, in their order; null for a single node, or if this machine can't drop messages. */
  readonly network: NodeNetwork | null;
  /** Lets the last running node continue alone; null if the servers can't. */
  readonly goOnAlone: ((node: PrivateServer) => Promise<void>) | null;
  /** Returns a node that accepts writes now. */
  writer(): Promise<PrivateServer>;
  /** Resolves once every node takes part again. */
  recovered(): Promise<void>;
  stop(): Promise<void>;
}

/** Executes statements on a node, on a new connection. */
export async function executeOn(node: PrivateServer, ...statements: readonly string[]): Promise<void> {
  const connection = await createConnection({ uri: node.url(), connectTimeout: 5_000 });
  connection.on('error', () => undefined);
  try {
    for (const sql of statements) await connection.query({ sql, timeout: 20_000 });
  } finally {
    connection.destroy();
  }
}

/** A read on another node, or after a change of the node, may show an earlier state. */
const stale = ['stale-read', 'stale-state', 'stale-count', 'stale-mark'] as const satisfies AnomalyName[];

async function single(name: string): Promise<Target> {
  const [, flavour, version] = /^(mariadb|mysql)(?:-([\d.]+))?$/.exec(name) ?? [];
  if (flavour === undefined)
    throw new Error(`${name}: none of mariadb, mariadb-11.8, mysql-9.7, galera, group, group-multi`);
  const installation = await getServerInstallation({ flavour: flavour as 'mariadb' | 'mysql', version });
  const smallDisk = mountSmallDisk();
  const server = await (smallDisk?.within(() => startPrivateServer({ installation })) ??
    startPrivateServer({ installation }));
  return {
    name,
    smallDisk,
    nodes: [server],
    natural: [],
    seeAllSql: null,
    network: null,
    goOnAlone: null,
    writer: () => Promise.resolve(server),
    recovered: async () =>
      void (await waitFor(() => executeOn(server, 'DO 1').then(() => true), { timeoutMs: 180_000 })),
    async stop() {
      await server.stop();
      smallDisk?.unmount();
    },
  };
}

const setProvider = (node: PrivateServer, option: string): Promise<void> =>
  executeOn(node, `SET GLOBAL wsrep_provider_options = '${option}'`);

/** The target for any cluster: three nodes, each of which may be a moment behind. */
function clusterTarget(name: string, cluster: Cluster<ClusterNode>): Target {
  return {
    name,
    smallDisk: null,
    nodes: cluster.nodes,
    natural: stale,
    seeAllSql: cluster.nodes[0].seeAllSql,
    network: cluster.network,
    goOnAlone: null,
    writer: () => cluster.writer(),
    recovered: () => cluster.waitUntilRecovered(),
    stop: () => cluster.stop(),
  };
}

async function galera(): Promise<Target> {
  const cluster = await startGaleraCluster({ network: true });
  return {
    ...clusterTarget('galera', cluster),
    // A node that has not yet noticed the loss of the others would ignore this
    goOnAlone: async (node) => {
      const left = cluster.nodes.find(({ port }) => port === node.port)!;
      await waitFor(async () => !(await left.isSynced()), { timeoutMs: 60_000 });
      await setProvider(node, 'pc.bootstrap=YES');
    },
  };
}

async function group(multiPrimary: boolean): Promise<Target> {
  const cluster = await startGroupCluster({ multiPrimary, network: true });
  return clusterTarget(multiPrimary ? 'group-multi' : 'group', cluster);
}

/** Starts the servers with this name; the caller stops them. */
export function startTarget(name: string): Promise<Target> {
  if (name === 'galera') return galera();
  return name.startsWith('group') ? group(name === 'group-multi') : single(name);
}
