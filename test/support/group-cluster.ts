import { randomUUID } from 'node:crypto';
import { getServerInstallation } from '../../src/testing/server-installation';
import { clusterSize, findFreePorts, launchCluster, type Cluster, type ClusterOptions } from './cluster';
import { createGroupNode, type GroupNode } from './group-node';

/** The options of a group. */
export interface GroupClusterOptions extends ClusterOptions {
  /** Arguments for each server program. They come last, so they win. */
  readonly serverArguments?: readonly string[];
  /** True if every member accepts writes. Default: only one, the primary. */
  readonly multiPrimary?: boolean;
}

/** Three MySQL servers with the same rows, in Group Replication. Either the primary alone accepts writes, or all do. */
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
    // As for InnoDB's log: it survives a crash of the server, but not of the machine
    '--sync-binlog=0',
    '--report-host=127.0.0.1',
    '--plugin-load-add=group_replication.so',
    // Loose, because the plugin is not loaded yet when the server reads them
    ...[
      `group-name=${group}`,
      'start-on-boot=OFF',
      `local-address=127.0.0.1:${own}`,
      `group-seeds=${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
      'recovery-get-public-key=ON',
      `single-primary-mode=${single}`,
      // An expelled or isolated member leaves the group, and joins again only when a test makes it
      'autorejoin-tries=0',
      'unreachable-majority-timeout=10',
    ].map((setting) => `--loose-group-replication-${setting}`),
    ...(options.serverArguments ?? []),
  ];
}

/**
 * Starts three MySQL servers on loopback ports, in temporary folders, as one group. All are online when the promise resolves;
 * the first is the primary. They end, and their folders are removed, when this process ends in any way.
 *
 * @throws SERVER_NOT_FOUND if this machine has no MySQL; SERVER_START_FAILED with the server's last log lines
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
