import { clusterSize, findFreePorts, launchCluster, type Cluster, type ClusterOptions } from './cluster';
import { getGaleraInstallation } from './galera-installation';
import { createGaleraNode, type GaleraNode } from './galera-node';

/** The options of a Galera cluster. */
export interface GaleraClusterOptions extends ClusterOptions {
  /** Arguments for each server program. They come last, so they win. */
  readonly serverArguments?: readonly string[];
  /** Further settings of the wsrep provider, such as `evs.suspect_timeout=PT2S`. */
  readonly providerOptions?: readonly string[];
}

/** Three MariaDB servers with the same rows. Each accepts writes. */
export type GaleraCluster = Cluster<GaleraNode>;

/** The ports on which a node hears the others. */
interface NodePorts {
  /** For group communication. */
  readonly group: number;
  /** For the writes that an absent node has missed (IST). */
  readonly missed: number;
  /** For all data, for a node that has none (SST). */
  readonly data: number;
}

async function findPorts(): Promise<NodePorts[]> {
  const ports = await findFreePorts(3 * clusterSize);
  return Array.from({ length: clusterSize }, () => {
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
    // Galera creates a file of this size at each start
    'gcache.size=32M',
    ...(options.providerOptions ?? []),
  ];
  return [
    '--wsrep-on=ON',
    `--wsrep-provider=${provider}`,
    // A unique name, because a node of another cluster may once have had one of these ports
    `--wsrep-cluster-name=pflows-${ports.map(({ group }) => group).join('-')}`,
    `--wsrep-cluster-address=gcomm://${ports.map(({ group }) => `127.0.0.1:${group}`).join(',')}`,
    `--wsrep-node-name=node-${ports.indexOf(own) + 1}`,
    `--wsrep-node-address=127.0.0.1:${own.group}`,
    `--wsrep-provider-options=${providerOptions.join(';')}`,
    '--wsrep-sst-method=rsync',
    `--wsrep-sst-receive-address=127.0.0.1:${own.data}`,
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    // Small, because it is sent to each joining node
    '--innodb-log-file-size=16M',
    ...(options.serverArguments ?? []),
  ];
}

/**
 * Starts three nodes on loopback ports, in temporary folders. They are synced when the promise resolves, after about 20 s. They
 * end, and their folders are removed, when this process ends in any way.
 *
 * @throws if this machine lacks a part; SERVER_START_FAILED with the server's last log lines
 */
export async function startGaleraCluster(options: GaleraClusterOptions = {}): Promise<GaleraCluster> {
  const installation = await getGaleraInstallation();
  return launchCluster(async () => {
    const ports = await findPorts();
    return ports.map((own) => ({
      ports: Object.values(own) as number[],
      create: () => createGaleraNode(installation, nodeArguments(installation.provider, ports, own, options)),
    }));
  }, options);
}
