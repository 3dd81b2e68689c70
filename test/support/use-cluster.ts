import type { Cluster, ClusterOptions } from './cluster';
import type { ClusterNode } from './cluster-node';
import { startGaleraCluster, type GaleraCluster, type GaleraClusterOptions } from './galera-cluster';
import { startCluster } from './start-cluster';
import { clusterKinds, wantedCluster, type ClusterKind } from './test-installation';

function describeOn(kinds: readonly ClusterKind[], name: string, body: () => void): void {
  const wanted = wantedCluster();
  if (wanted !== null && kinds.includes(wanted)) describe(name, body);
  else describe.skip(`${name} (only with PROTECTION_FLOWS_TEST_SERVER=${kinds.join(' or ')})`, body);
}

/** `describe` for tests of any kind of cluster. On a single server they are skipped, and say why. */
export const describeOnCluster = (name: string, body: () => void): void =>
  describeOn(clusterKinds, name, body);

/** `describe` for tests of a Galera cluster. On other servers they are skipped, and say why. */
export const describeOnGalera = (name: string, body: () => void): void => describeOn(['galera'], name, body);

function use<Kind extends Cluster<ClusterNode>>(start: () => Promise<Kind>): () => Kind {
  let cluster: Kind | undefined;
  beforeAll(async () => {
    cluster = await start();
  });
  afterAll(() => cluster?.stop());
  return () => {
    if (cluster === undefined) throw new Error('the cluster is there only inside tests and hooks');
    return cluster;
  };
}

/**
 * Registers hooks that start a separate cluster before the tests, for tests that harm it, and stop it after them. Call it
 * inside {@link describeOnGalera}. The result is valid inside tests and hooks.
 */
export const useGaleraCluster = (options: GaleraClusterOptions = {}): (() => GaleraCluster) =>
  use(() => startGaleraCluster(options));

/** Like {@link useGaleraCluster}, inside {@link describeOnCluster}: a cluster of the wanted kind. */
export const useCluster = (options: ClusterOptions = {}): (() => Cluster<ClusterNode>) =>
  use<Cluster<ClusterNode>>(() => startCluster(options));
