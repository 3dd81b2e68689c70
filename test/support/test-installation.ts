import {
  getServerInstallation,
  type ServerWish,
  type ServerInstallation,
} from '../../src/testing/server-installation';
import { getGaleraInstallation } from './galera-installation';

/** The server that the tests shall run against: `PROTECTION_FLOWS_TEST_SERVER`, or empty for the first found. */
export function wantedServer(): string {
  return process.env['PROTECTION_FLOWS_TEST_SERVER'] ?? '';
}

/** What `PROTECTION_FLOWS_TEST_SERVER` may say for a cluster. */
export const clusterKinds = ['galera', 'group-replication', 'group-multi-primary'] as const;

/** Servers that have the same rows: MariaDB's with Galera, or MySQL's in Group Replication, with one primary or with every member as one. */
export type ClusterKind = (typeof clusterKinds)[number];

/** The kind of cluster of which the shared server is to be a node; null for a single server. */
export function wantedCluster(): ClusterKind | null {
  return clusterKinds.find((kind) => kind === wantedServer()) ?? null;
}

/** True where the shared server is to be a node of a cluster. */
export function isClusterWanted(): boolean {
  return wantedCluster() !== null;
}

/** The program of a server that the tests start on their own. With a cluster, the nodes' one, by itself. */
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
