import type * as Mysql2 from 'mysql2';
import { promisify } from 'node:util';
import type { HostAddress } from '../config/connection-settings';
import { fromServerError, isProtectionFlowsError } from '../errors';
import type { HandsOutConnections, Settled } from './session-limits';
import type { Term, WriterElection } from './writer-election';

/** The pool of one of several hosts. While another host is the writer, it keeps no session that nobody uses. */
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

  /** Makes it keep its sessions, as its host is the writer. */
  serve(): void {
    this.isRetired = false;
  }

  /** Closes the sessions that nobody uses, and the others when they are given back. */
  retire(): void {
    this.isRetired = true;
    for (const connection of [...this.idle]) connection.destroy();
    this.idle.clear();
  }
}

/** What TypeORM and the pools of this folder need of a pool. */
export interface PoolLike extends HandsOutConnections {
  end(ended: Ended): void;
}

type Ended = (error: NodeJS.ErrnoException | null) => void;

/** A connection of the pool, as a promise. */
const connectionOf = (pool: PoolLike): Promise<Mysql2.PoolConnection> =>
  promisify(pool.getConnection.bind(pool))() as Promise<Mysql2.PoolConnection>;

/** Ends all of the pools; `ended` is told once, with the first error. */
function endAll(pools: readonly PoolLike[], ended: Ended): void {
  const ends = pools.map((pool) => promisify(pool.end.bind(pool))());
  Promise.all(ends).then(() => ended(null), ended);
}

/** Hears that a connection's server takes no writes any more. Whoever hands a connection out sets its own. */
export type UnfitListeners = WeakMap<object, (code: string) => void>;

/**
 * A pool whose connections go to the one of several hosts that is the writer. A host that a connection can't be made
 * to, or whose server refuses to write, is the writer no longer: the next connection goes to the next host. A
 * statement that was under way is not repeated: what became of it is not known.
 *
 * mysql2's own PoolCluster is not enough: it removes a failing node for good, or retries it at once and without end, and
 * it cannot tell a server that answers but takes no writes.
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

  /** A connection to the writer. It fails with NO_WRITABLE_HOST, or as the last host that was tried did. */
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
        // Given up while this caller waited in the queue of its pool
        connection.release();
      } catch (error) {
        // The host is well: it is this program that holds all of its connections
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
  private readonly replicas: { readonly pool: PoolLike; restsUntil: number }[] = [];
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
