import type * as Mysql2 from 'mysql2';
import { isProtectionFlowsError } from '../errors';
import { type UnfitListeners, connectionOf, endAll, type PoolLike, type Settled } from './failover-pool';

/** How long a replica that failed is left alone, in milliseconds. */
const restMs = 10_000;

interface Replica {
  readonly pool: PoolLike;
  restsUntil: number;
}

/** The name under which TypeORM asks for the server that is written to. */
const writerName = 'MASTER';

/**
 * What TypeORM's replication uses of a pool cluster: `MASTER` for the writer, any other name for the replicas. These
 * take turns; one that fails is left alone for ten seconds, and where none is left, the writer is read from.
 *
 * It takes the place of mysql2's PoolCluster, which removes a node after five failures for good, the writer too.
 */
export class ReplicatedPools implements PoolLike {
  private writer: PoolLike | null = null;
  private readonly replicas: Replica[] = [];
  private turn = 0;

  /** The two functions make the pools, each from mysql2's options. */
  constructor(
    private readonly createWriterPool: (options: Mysql2.PoolOptions) => PoolLike,
    private readonly createReplicaPool: (options: Mysql2.PoolOptions) => PoolLike,
    private readonly onUnfit: UnfitListeners,
  ) {}

  /** Adds a server, as TypeORM names it. */
  add(name: string, options: Mysql2.PoolOptions): void {
    if (name === writerName) this.writer = this.createWriterPool(options);
    else this.replicas.push({ pool: this.createReplicaPool(options), restsUntil: 0 });
  }

  /** @param name `MASTER`; anything else is answered by a replica */
  getConnection(name: string | Settled, settled?: Settled): void {
    const done = typeof name === 'function' ? name : (settled as Settled);
    const connection = name === writerName ? connectionOf(this.writerPool()) : this.toRead();
    connection.then((given) => done(null, given), done);
  }

  end(ended: (error: NodeJS.ErrnoException | null) => void): void {
    endAll([this.writerPool(), ...this.replicas.map(({ pool }) => pool)], ended);
  }

  private async toRead(): Promise<Mysql2.PoolConnection> {
    const first = (this.turn += 1);
    for (let step = 0; step < this.replicas.length; step += 1) {
      const replica = this.replicas[(first + step) % this.replicas.length] as Replica;
      if (replica.restsUntil > Date.now()) continue;
      const rest = (): void => void (replica.restsUntil = Date.now() + restMs);
      try {
        const connection = await connectionOf(replica.pool);
        this.onUnfit.set(connection, (code) => code === 'SERVER_NOT_READY' && rest());
        return connection;
      } catch (error) {
        if (isProtectionFlowsError(error, 'POOL_EXHAUSTED')) throw error;
        rest();
      }
    }
    return connectionOf(this.writerPool());
  }

  private writerPool(): PoolLike {
    if (this.writer === null) throw new Error('the writer was not added');
    return this.writer;
  }
}
