import type * as Mysql2 from 'mysql2';
import { type HostAddress, settingDefaults } from '../config/connection-settings';
import { withSessionSettings } from './session-settings';
import { FailoverPool, type UnfitListeners, type PoolLike } from './failover-pool';
import { askNode } from './node-state';
import { ReplicatedPools } from './replicated-pools';
import { WriterElection } from './writer-election';

/** mysql2 as TypeORM's option `driver`, with what is needed to connect beside the pool. */
export type Driver = typeof Mysql2 & {
  /**
   * Settles which of several hosts is written to; `createConnection` goes there. With one host it does nothing.
   *
   * @throws ProtectionFlowsError NO_WRITABLE_HOST
   */
  findWriter(options: Mysql2.ConnectionOptions): Promise<void>;
};

type Options = Mysql2.ConnectionOptions;

/**
 * mysql2 with {@link withSessionSettings}, whose pools, pool clusters and single connections go to the one of `hosts`
 * that takes writes ({@link FailoverPool}), and whose pool clusters survive servers that were away
 * ({@link ReplicatedPools}). Without `hosts`, and for any other host than the first of them, its pools and connections
 * are mysql2's own.
 *
 * @param hosts in order of preference; empty for a single server
 */
export function withHosts(mysql2: typeof Mysql2, hosts: readonly HostAddress[]): Driver {
  const onUnfit: UnfitListeners = new WeakMap();
  const single = withSessionSettings(mysql2, (connection, code) => onUnfit.get(connection)?.(code));
  let account: Options = {};
  const election = new WriterElection(hosts, (host) => {
    const limitMs = account.connectTimeout ?? settingDefaults.connectTimeoutMs;
    return askNode(mysql2.createConnection({ ...account, ...host }), limitMs);
  });
  /** A host that a program sets in place of the configured ones has the last word. */
  const isForHosts = ({ host, port }: Options): boolean =>
    hosts[0] !== undefined && host === hosts[0].host && port === hosts[0].port;
  const createPool = (options: Mysql2.PoolOptions): PoolLike => {
    if (!isForHosts(options)) return single.createPool(options) as unknown as PoolLike;
    account = options;
    return new FailoverPool(election, (host) => single.createPool({ ...options, ...host }), onUnfit);
  };
  const driver = {
    createPool: (options: Mysql2.PoolOptions | string) => createPool(options as Mysql2.PoolOptions),
    createPoolCluster: () =>
      new ReplicatedPools(
        createPool,
        (options) => single.createPool(options) as unknown as PoolLike,
        onUnfit,
      ),
    createConnection: (given: Options | string) => {
      const options = given as Options;
      return single.createConnection(isForHosts(options) ? { ...options, ...election.host } : options);
    },
    findWriter: async (options: Options): Promise<void> => {
      if (!isForHosts(options)) return;
      account = options;
      await election.current();
    },
  };
  return Object.assign(Object.create(single) as typeof Mysql2, driver) as unknown as Driver;
}
