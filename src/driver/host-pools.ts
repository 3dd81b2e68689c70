import type * as Mysql2 from 'mysql2';
import { promisify } from 'node:util';
import type { HostAddress } from '../config/connection-settings';
import { fromServerError, isProtectionFlowsError } from '../errors';
import type { HandsOutConnections, Settled } from './session-limits';
import type { Term, WriterElection } from './writer-election';

/** The pool of one of several hosts. While another host is the writer, it keeps no idle session. */
class HostPool {
  readonly pool: PoolLike;
  private readonly idle = new Set<Mysql2.PoolConnection>();
  private isRetired = false;

  constructor(pool: Mysql2.Pool) {
    this.pool = pool as unknown as PoolLike;
    pool.on('connection', (connection) => {
      const forget = (): boolean => this.idle.delete(connection);
      connection.once('end', forget);
      connection.once('error', forget);
    });
    pool.on('acquire', (connection) => this.idle.delete(connection));
    pool.on('release', (connection) => {
      if (this.isRetired) connection.destroy();
      else this.idle.add(connection);
    });
  }

  /** Lets it keep idle sessions: its host is the writer now. */
  serve(): void {
    this.isRetired = false;
  }

  /** Closes the idle sessions now, and the others when they are released. */
  retire(): void {
    this.isRetired = true;
    for (const connection of [...this.idle]) connection.destroy();
    this.idle.clear();
  }
}

/** The functions of a pool that TypeORM and the pools of this folder use. */
export interface PoolLike extends HandsOutConnections {
  end(ended: Ended): void;
}

type Ended = (error: NodeJS.ErrnoException | null) => void;

/** Gets a connection of the pool. */
const connectionOf = (pool: PoolLike): Promise<Mysql2.PoolConnection> =>
  promisify(pool.getConnection.bind(pool))() as Promise<Mysql2.PoolConnection>;

/** Ends all pools, then calls `ended` once, with the first error if there was one. */
function endAll(pools: readonly PoolLike[], ended: Ended): void {
  const ends = pools.map((pool) => promisify(pool.end.bind(pool))());
  Promise.all(ends).then(() => ended(null), ended);
}

/** For each connection, the function to call when its server takes no writes any more. The pool that hands it out sets it. */
export type UnfitListeners = WeakMap<object, (code: string) => void>;

/**
 * A pool that connects to the writer, one of several hosts. After a failed connection, or a refusal to write, that host is no
 * longer the writer, and the next connection goes to the next host. It does not repeat a statement that was under way, as
 * its outcome is unknown.
 *
 * mysql2's own PoolCluster is not enough: it removes a failing node for good, or retries it at once and without end, and
 * it does not notice a server that answers but takes no writes.
 */
export class FailoverPool implements PoolLike {
  private readonly pools: readonly HostPool[];
  private serving: HostPool | null = null;
  private isClosed = false;

  /** @param createPool makes the pool of one host */
  constructor(
    private readonly election: WriterElection,
    createPool: (host: HostAddress) => Mysql2.Pool,
    private readonly onUnfit: UnfitListeners,
  ) {
    this.pools = election.hosts.map((host) => new HostPool(createPool(host)));
  }

  /** Gets a connection to the writer. Fails with NO_WRITABLE_HOST, or with the error of the last host that was tried. */
  getConnection(settled: Settled): void {
    this.obtain().then((connection) => settled(null, connection), settled);
  }

  end(ended: Ended): void {
    this.isClosed = true;
    endAll(
      this.pools.map(({ pool }) => pool),
      ended,
    );
  }

  private async obtain(): Promise<Mysql2.PoolConnection> {
    for (let triesLeft = this.pools.length; ; triesLeft -= 1) {
      const term = await this.election.current();
      try {
        const connection = await connectionOf(this.poolOf(term));
        if (this.election.isCurrent(term) || triesLeft === 0) return this.handOut(connection, term);
        // The host lost its term while this caller waited in the queue of its pool
        connection.release();
      } catch (error) {
        // The host works: this program holds all of its connections
        const isUsedUp = isProtectionFlowsError(error, 'POOL_EXHAUSTED');
        if (isUsedUp || this.isClosed || triesLeft === 0) throw error;
        this.election.reject(term, fromServerError(error)?.message ?? (error as Error).message);
      }
    }
  }

  private poolOf(term: Term): PoolLike {
    const chosen = this.pools[term.index] as HostPool;
    if (chosen !== this.serving) {
      this.serving?.retire();
      chosen.serve();
      this.serving = chosen;
    }
    return chosen.pool;
  }

  private handOut(connection: Mysql2.PoolConnection, term: Term): Mysql2.PoolConnection {
    this.onUnfit.set(connection, (code) => this.election.reject(term, `it refused a statement with ${code}`));
    return connection;
  }
}

/** How long a replica that failed is left alone, in milliseconds. */
const restMs = 10_000;

/** TypeORM's name for the server that is written to. */
const writerName = 'MASTER';

/**
 * The pool cluster for TypeORM's replication: `MASTER` is the writer, any other name a replica. The replicas take turns. One
 * that fails is not used for ten seconds; if none is left, reads go to the writer.
 *
 * It replaces mysql2's PoolCluster, which removes a node, even the writer, for good after five failures.
 */
export class ReplicatedPools implements PoolLike {
  private writer: PoolLike | null = null;
  private readonly replicas: { readonly pool: PoolLike; restsUntil: number }[] = [];
  private turn = 0;

  /** The first two functions create a pool from mysql2's options. */
  constructor(
    private readonly createWriterPool: (options: Mysql2.PoolOptions) => PoolLike,
    private readonly createReplicaPool: (options: Mysql2.PoolOptions) => PoolLike,
    private readonly onUnfit: UnfitListeners,
  ) {}

  /** Adds a server, under TypeORM's name for it. */
  add(name: string, options: Mysql2.PoolOptions): void {
    if (name === writerName) this.writer = this.createWriterPool(options);
    else this.replicas.push({ pool: this.createReplicaPool(options), restsUntil: 0 });
  }

  /** @param name `MASTER` for the writer, anything else for a replica */
  getConnection(name: string | Settled, settled?: Settled): void {
    const done = typeof name === 'function' ? name : (settled as Settled);
    const connection = name === writerName ? connectionOf(this.writerPool()) : this.toRead();
    connection.then((given) => done(null, given), done);
  }

  end(ended: Ended): void {
    endAll([this.writerPool(), ...this.replicas.map(({ pool }) => pool)], ended);
  }

  private async toRead(): Promise<Mysql2.PoolConnection> {
    const first = (this.turn += 1);
    for (let step = 0; step < this.replicas.length; step += 1) {
      const replica = this.replicas[(first + step) % this.replicas.length]!;
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
