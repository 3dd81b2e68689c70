import { startGaleraCluster, type GaleraCluster, type GaleraClusterOptions } from './galera-cluster';
import { isGaleraWanted } from './test-installation';

/** `describe` for what holds on a cluster only; elsewhere its tests are skipped, and say why. */
export function describeOnGalera(name: string, body: () => void): void {
  if (isGaleraWanted()) describe(name, body);
  else describe.skip(`${name} (only with PROTECTION_FLOWS_TEST_SERVER=galera)`, body);
}

/**
 * Registers hooks that start a cluster of the file's own before the tests, for those that harm it, and stop it after
 * them. Call it inside {@link describeOnGalera}; the result is valid inside tests and hooks.
 */
export function useGaleraCluster(options: GaleraClusterOptions = {}): () => GaleraCluster {
  let cluster: GaleraCluster | undefined;
  beforeAll(async () => {
    cluster = await startGaleraCluster(options);
  });
  afterAll(() => cluster?.stop());
  return () => {
    if (cluster === undefined) throw new Error('the cluster is there only inside tests and hooks');
    return cluster;
  };
}
