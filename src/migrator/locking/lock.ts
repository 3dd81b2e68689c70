import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import { select, type Queryable } from '../../schema/queryable';
import { assertNotInterrupted } from '../interruption';
import type { OwnConnection } from '../open-connection';
import { defaultLeaseMs, Lease } from './lease';
import { ensureLeaseRow, ensureLeaseTable, readHolder, type LeaseHolder } from './lease-table';
import { readNode, type Node } from './node';

/** How long a migrate waits by default for another one that is under way, in milliseconds. */
const defaultWaitMs = 10 * 60_000;

/** How often the lease is asked for while another node has it, in milliseconds. */
const leasePollMs = 200;

/** ER_NO_SUCH_TABLE. */
const noSuchTable = 1146;

/** The lock's name on the server: its names are server-wide and at most 64 characters, so the database is hashed. */
export function lockName(database: string): string {
  return `sendense_flow_migrate_${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
}

/** Options of {@link withMigrationLock}. */
export interface LockOptions {
  readonly session: Queryable;
  readonly database: string;
  /** Opens a connection besides the session, on which the lease is renewed. */
  open(): OwnConnection;
  /** Who asks, for those that will have to wait. */
  readonly holder: string;
  readonly signal?: AbortSignal;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly waitMs?: number;
  /** How long the lock outlasts a holder in a cluster that went silent, in milliseconds. Default: 30 seconds. */
  readonly leaseMs?: number;
  /** Told once a second while another one holds the lock. */
  onWait?(holder: string): void;
}

/** The lock, held. */
export interface MigrationLock {
  /** The server that its session is on. */
  readonly node: Node;
  /**
   * To be awaited before each statement that changes something.
   *
   * @throws LOCK_LOST where another one has taken it meanwhile
   */
  assertHeld(): Promise<void>;
}

const described = ({ holder, node, connectionId, since }: LeaseHolder): string =>
  `${holder}, since ${since} (connection ${connectionId} on ${node.split(' ')[0] ?? node})`;

/** Waits that end: at the deadline with MIGRATE_LOCKED, at Ctrl-C with INTERRUPTED. */
class Patience {
  private readonly deadline: number;
  private toldAt = -Infinity;

  constructor(private readonly options: LockOptions) {
    this.deadline = performance.now() + (options.waitMs ?? defaultWaitMs);
  }

  /** To be called after each try that found the lock taken by that holder. */
  goOn(holder: string, connectionId: number | null): void {
    const { signal, database, onWait } = this.options;
    assertNotInterrupted(signal);
    const now = performance.now();
    if (now > this.deadline) {
      throw new ProtectionFlowsError('MIGRATE_LOCKED', {
        message: `another migrate of database ${database} is under way: ${holder}`,
        remedy: `Wait for it and run again; if it hangs, end its connection (KILL ${connectionId ?? '<id>'}).`,
        details: { lock: lockName(database), holder },
      });
    }
    if (now - this.toldAt < 1000) return;
    this.toldAt = now;
    onWait?.(holder);
  }
}

/** Takes the server's own lock: it says at once when its holder on this server is gone. */
async function takeServerLock({ session, database }: LockOptions, patience: Patience): Promise<void> {
  const name = lockName(database);
  for (;;) {
    const [row] = await select<{ got: number | string | null }>(session, 'SELECT GET_LOCK(?, 1) AS got', [
      name,
    ]);
    if (Number(row?.got) === 1) return;
    const [used] = await select<{ id: number | string | null }>(session, 'SELECT IS_USED_LOCK(?) AS id', [
      name,
    ]);
    const id = used?.id === undefined || used.id === null ? null : Number(used.id);
    // Who it is says the lease's row; a server that can't be read, or was never migrated, has none
    const holder = await readHolder(session).catch(() => null);
    const connection = id === null ? 'another connection' : `connection ${id}`;
    patience.goOn(
      holder?.connectionId === id && holder !== null
        ? described(holder)
        : `${connection} holds the lock ${name}`,
      id,
    );
  }
}

async function waitForLease(
  { session, signal }: LockOptions,
  lease: Lease,
  patience: Patience,
): Promise<void> {
  while (!(await lease.take())) {
    const holder = await readHolder(session);
    if (holder === null) await ensureLeaseRow(session);
    else patience.goOn(described(holder), holder.connectionId);
    await delay(leasePollMs, undefined, { signal }).catch(() => assertNotInterrupted(signal));
  }
}

/** Nothing can be written here: what is to be done about it, preflight says. */
const isUnwritable = (error: unknown): boolean =>
  isProtectionFlowsError(error, 'PRIVILEGE_MISSING') || isProtectionFlowsError(error, 'SERVER_READ_ONLY');

/**
 * Takes the lease before anything is looked at. On a single server without the table it can wait until something is
 * changed: there, the server's own lock keeps others out. Where it can't be taken, it is asked for again then.
 */
async function takeLease(options: LockOptions, node: Node, lease: Lease, patience: Patience): Promise<void> {
  try {
    await waitForLease(options, lease, patience).catch(async (error: unknown) => {
      if ((error as { errno?: number }).errno !== noSuchTable) throw error;
      if (!node.isClustered) return;
      await ensureLeaseTable(options.session);
      await waitForLease(options, lease, patience);
    });
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

/** Whoever lost the lock may stumble over what its successor has done, before it comes to a statement. */
async function lossOf(lease: Lease, error: unknown): Promise<unknown> {
  if (!lease.isTaken || isProtectionFlowsError(error, 'CONNECTION_LOST')) return null;
  return lease.assertHeld().then(
    () => null,
    (loss: unknown) => (isProtectionFlowsError(loss, 'LOCK_LOST') ? loss : null),
  );
}

/**
 * Runs `work` under the lock for migrations of that database: one at a time, on a single server and in a cluster.
 *
 * It is made of two. The server's own (GET_LOCK) ends with its session, so where a holder dies, others on that server go
 * on at once; but it is one server's alone: two nodes of a cluster give it to two sessions. So there is a lease besides,
 * a committed row, which the cluster gives to one of them; whose holder's death shows on another node when it runs out.
 *
 * @throws ProtectionFlowsError MIGRATE_LOCKED after the wait, naming the holder; INTERRUPTED
 */
export async function withMigrationLock<T>(
  options: LockOptions,
  work: (lock: MigrationLock) => Promise<T>,
): Promise<T> {
  const { session, open, holder, leaseMs = defaultLeaseMs } = options;
  const patience = new Patience(options);
  await takeServerLock(options, patience);
  const node = await readNode(session);
  const lease = new Lease({ session, node, open, holder, leaseMs });
  let mayLease = true;
  try {
    await takeLease(options, node, lease, patience);
    return await work({
      node,
      async assertHeld() {
        if (lease.isTaken) return lease.assertHeld();
        if (!mayLease) return;
        try {
          await ensureLeaseTable(session);
          await waitForLease(options, lease, patience);
        } catch (error) {
          // On a single server, a user without rights on this table does without
          if (node.isClustered || !isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) throw error;
          mayLease = false;
        }
      },
    });
  } catch (error) {
    throw (await lossOf(lease, error)) ?? error;
  } finally {
    await lease.release();
    // A session that broke holds no lock any more; its error is the one to report
    await session.query('SELECT RELEASE_LOCK(?)', [lockName(options.database)]).catch(() => undefined);
  }
}
