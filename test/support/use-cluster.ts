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

/** `describe` for what holds on every kind of cluster only; elsewhere its tests are skipped, and say why. */
export const describeOnCluster = (name: string, body: () => void): void =>
  describeOn(clusterKinds, name, body);

/** `describe` for what holds on a Galera cluster only; elsewhere its tests are skipped, and say why. */
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
 * Registers hooks that start a cluster of the file's own before the tests, for those that harm it, and stop it after
 * them. Call it inside {@link describeOnGalera}; the result is valid inside tests and hooks.
 */
export const useGaleraCluster = (options: GaleraClusterOptions = {}): (() => GaleraCluster) =>
  use(() => startGaleraCluster(options));

/** As {@link useGaleraCluster}, inside {@link describeOnCluster}: a cluster of the kind that is wanted. */
export const useCluster = (options: ClusterOptions = {}): (() => Cluster<ClusterNode>) =>
  use<Cluster<ClusterNode>>(() => startCluster(options));
