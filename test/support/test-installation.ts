import {
  getServerInstallation,
  type ServerWish,
  type ServerInstallation,
} from '../../src/testing/server-installation';
import { getGaleraInstallation } from './galera-installation';

/** The wanted server: `PROTECTION_FLOWS_TEST_SERVER`, or empty for the first one found. */
export function wantedServer(): string {
  return process.env['PROTECTION_FLOWS_TEST_SERVER'] ?? '';
}

/** The values of `PROTECTION_FLOWS_TEST_SERVER` for clusters. */
export const clusterKinds = ['galera', 'group-replication', 'group-multi-primary'] as const;

/** MariaDB servers with Galera, or MySQL servers in Group Replication with one primary or with all members as primaries. */
export type ClusterKind = (typeof clusterKinds)[number];

/** The kind of cluster that the shared server must belong to; null for a single server. */
export function wantedCluster(): ClusterKind | null {
  return clusterKinds.find((kind) => kind === wantedServer()) ?? null;
}

/** True if the shared server must be a node of a cluster. */
export function isClusterWanted(): boolean {
  return wantedCluster() !== null;
}

/** The server program for the tests' private servers. With a cluster: the program of its nodes, as a single server. */
export async function testInstallation(): Promise<ServerInstallation> {
  const wanted = wantedServer();
  if (wanted === '') return getServerInstallation();
  const cluster = wantedCluster();
  if (cluster === 'galera') return (await getGaleraInstallation()).server;
  if (cluster !== null) return getServerInstallation({ flavour: 'mysql' });
  const [, flavour, version] = /^(mariadb|mysql)(?:-([\d.]+))?$/.exec(wanted) ?? [];
  if (flavour === undefined) {
    throw new Error(
      `PROTECTION_FLOWS_TEST_SERVER=${wanted}: neither ${clusterKinds.join(', ')} nor of the form mariadb-11.8 or mysql-9.7`,
    );
  }
  return getServerInstallation({ flavour: flavour as ServerWish['flavour'], version });
}
