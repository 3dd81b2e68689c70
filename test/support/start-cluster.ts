import type { ClusterOptions } from './cluster';
import { startGaleraCluster, type GaleraCluster } from './galera-cluster';
import { startGroupCluster, type GroupCluster } from './group-cluster';
import { wantedCluster } from './test-installation';

/** Starts a cluster of the kind that `PROTECTION_FLOWS_TEST_SERVER` names. */
export function startCluster(options: ClusterOptions = {}): Promise<GaleraCluster | GroupCluster> {
  const kind = wantedCluster();
  return kind === 'galera'
    ? startGaleraCluster(options)
    : startGroupCluster({ ...options, multiPrimary: kind === 'group-multi-primary' });
}
