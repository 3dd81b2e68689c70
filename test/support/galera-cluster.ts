import { findFreePort } from '../../src/testing/server-place';
import { getGaleraInstallation } from './galera-installation';
import { createGaleraNode, syncLimits, takesPart, type GaleraNode } from './galera-node';
import { waitFor } from './wait-for';

/** How a cluster is to be. */
export interface GaleraClusterOptions {
  /** Arguments for each server program. They come last, so they win. */
  readonly serverArguments?: readonly string[];
  /** Further settings of the wsrep provider, such as `evs.suspect_timeout=PT2S`. */
  readonly providerOptions?: readonly string[];
}

type Three<T> = readonly [T, T, T];
const size = 3;

/** Where a node hears the others. */
interface NodePorts {
  /** The group's talk. */
  readonly group: number;
  /** The writes that a node which was away has missed. */
  readonly missed: number;
  /** All data, for a node that has none. */
  readonly data: number;
}

async function findPorts(): Promise<NodePorts[]> {
  const free = new Set<number>();
  while (free.size < 3 * size) free.add(await findFreePort());
  const ports = [...free];
  return Array.from({ length: size }, () => {
    const [group, missed, data] = ports.splice(0, 3) as [number, number, number];
    return { group, missed, data };
  });
}

function nodeArguments(
  provider: string,
  ports: readonly NodePorts[],
  own: NodePorts,
  options: GaleraClusterOptions,
): string[] {
  const providerOptions = [
    `gmcast.listen_addr=tcp://127.0.0.1:${own.group}`,
    `ist.recv_addr=127.0.0.1:${own.missed}`,
    // A file of this size is made at each start
    'gcache.size=32M',
    ...(options.providerOptions ?? []),
  ];
  return [
    '--wsrep-on=ON',
    `--wsrep-provider=${provider}`,
    // Of no other cluster, whose node may one day have had one of these ports
    `--wsrep-cluster-name=pflows-${ports.map(({ group }) => group).join('-')}`,
    `--wsrep-cluster-address=gcomm://${ports.map(({ group }) => `127.0.0.1:${group}`).join(',')}`,
    `--wsrep-node-name=node-${ports.indexOf(own) + 1}`,
    `--wsrep-node-address=127.0.0.1:${own.group}`,
    `--wsrep-provider-options=${providerOptions.join(';')}`,
    '--wsrep-sst-method=rsync',
    `--wsrep-sst-receive-address=127.0.0.1:${own.data}`,
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    // What a joining node is sent
    '--innodb-log-file-size=16M',
    ...(options.serverArguments ?? []),
  ];
}

/** Three MariaDB servers with the same rows, each of which takes writes. */
export class GaleraCluster implements AsyncDisposable {
  /** @internal Use {@link startGaleraCluster}. */
  constructor(readonly nodes: Three<GaleraNode>) {}

  /** @internal The first founds the cluster, the others join it and copy its data. */
  async launch(): Promise<void> {
    const [first, ...others] = this.nodes;
    await first.launch(['--wsrep-new-cluster']);
    await first.waitUntilSynced();
    await Promise.all(others.map((node) => node.launch()));
    await this.waitUntilSynced();
  }

  /** Resolves once all three are synced and see one another, and agree on that. */
  async waitUntilSynced(): Promise<void> {
    await waitFor(async () => {
      const states = await Promise.all(this.nodes.map((node) => node.state()));
      return (
        states.every((state) => takesPart(state, size)) &&
        new Set(states.map(({ configuration }) => configuration)).size === 1
      );
    }, syncLimits);
  }

  /** Ends all nodes, paused ones too, and removes their folders. A second call is harmless. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts three nodes on loopback ports, in temporary folders; synced when the promise resolves, after some 20 s. They
 * go, with their folders, when this process ends in whatever way.
 *
 * @throws where this machine lacks a part; SERVER_START_FAILED with the server's last log lines
 */
export async function startGaleraCluster(options: GaleraClusterOptions = {}): Promise<GaleraCluster> {
  const installation = await getGaleraInstallation();
  const ports = await findPorts();
  const nodes: GaleraNode[] = [];
  try {
    // One after the other: the first makes the template of the data that the others copy
    for (const own of ports) {
      const args = nodeArguments(installation.provider, ports, own, options);
      nodes.push(await createGaleraNode(installation, args));
    }
    const cluster = new GaleraCluster(nodes as unknown as Three<GaleraNode>);
    await cluster.launch();
    return cluster;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}
