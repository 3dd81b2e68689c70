import { randomUUID } from 'node:crypto';
import { getServerInstallation } from '../../src/testing/server-installation';
import { clusterSize, findFreePorts, launchCluster, type Cluster, type ClusterOptions } from './cluster';
import { createGroupNode, type GroupNode } from './group-node';

/** How a group is to be. */
export interface GroupClusterOptions extends ClusterOptions {
  /** Arguments for each server program. They come last, so they win. */
  readonly serverArguments?: readonly string[];
  /** True where every member shall take writes. Default: one of them, the primary. */
  readonly multiPrimary?: boolean;
}

/** Three MySQL servers with the same rows, in Group Replication; the primary alone takes writes, unless all of them do. */
export type GroupCluster = Cluster<GroupNode>;

function nodeArguments(
  group: string,
  ports: readonly number[],
  own: number,
  options: GroupClusterOptions,
): string[] {
  const single = options.multiPrimary === true ? 'OFF' : 'ON';
  return [
    `--server-id=${ports.indexOf(own) + 1}`,
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--log-bin=bin',
    // As with the log of InnoDB: survives a crash of the server, not one of the machine
    '--sync-binlog=0',
    '--report-host=127.0.0.1',
    '--plugin-load-add=group_replication.so',
    // Loose, as the plugin is not there yet when the server reads them
    ...[
      `group-name=${group}`,
      'start-on-boot=OFF',
      `local-address=127.0.0.1:${own}`,
      `group-seeds=${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
      'recovery-get-public-key=ON',
      `single-primary-mode=${single}`,
      // One that was expelled, or is alone, leaves, and joins again when a test lets it
      'autorejoin-tries=0',
      'unreachable-majority-timeout=10',
    ].map((setting) => `--loose-group-replication-${setting}`),
    ...(options.serverArguments ?? []),
  ];
}

/**
 * Starts three MySQL servers on loopback ports, in temporary folders, as one group; all are online when the promise
 * resolves, the first is the primary. They go, with their folders, when this process ends in whatever way.
 *
 * @throws SERVER_NOT_FOUND where this machine has no MySQL; SERVER_START_FAILED with the server's last log lines
 */
export async function startGroupCluster(options: GroupClusterOptions = {}): Promise<GroupCluster> {
  const installation = await getServerInstallation({ flavour: 'mysql' });
  return launchCluster(async () => {
    const group = randomUUID();
    const ports = await findFreePorts(clusterSize);
    return ports.map((own) => ({
      ports: [own],
      create: () => createGroupNode(installation, nodeArguments(group, ports, own, options)),
    }));
  }, options);
}
