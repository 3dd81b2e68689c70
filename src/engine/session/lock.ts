import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isLostToAnother, isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import { type Queryable, isTableMissing, select } from '../server/queryable';
import { assertNotInterrupted } from '../waiting/execute-statement';
import { traceWait, type WaitListener } from '../waiting/lock-wait';
import type { OwnConnection } from '../server/open-connection';
import { defaultLeaseMs, Lease } from './lease';
import {
  describeHolder,
  ensureLeaseRow,
  ensureLeaseTable,
  lockedRow,
  onAnotherServer,
  onThisServer,
  readHolder,
  unusableTable,
  type Rival,
} from './lease-table';
import { readNode, type Node } from '../server/node';

/** How long a migrate waits by default for another one that is under way, in milliseconds. */
const defaultWaitMs = 10 * 60_000;

/** How often the lease is asked for while another node has it, in milliseconds. */
const leasePollMs = 200;

/** The lock's name on the server: its names are server-wide and at most 64 characters, so the database is hashed. */
export function lockName(tablePrefix: string, database: string): string {
  return `${tablePrefix}_migrate_${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
}

/** Options of {@link withMigrationLock}. */
interface LockOptions {
  readonly session: Queryable;
  readonly database: string;
  /** The server's own lock, as {@link lockName} names it. */
  readonly lock: string;
  /** The table of the lease. */
  readonly table: string;
  /** Opens a connection besides the session, on which the lease is renewed. */
  open(): OwnConnection;
  /** Who asks, for those that will have to wait. */
  readonly holder: string;
  /** Ends the session, which could not give the lock back: in a pool it would hold it for as long as the program runs. */
  discard(): void;
  readonly signal?: AbortSignal;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly waitMs?: number;
  /** How long the lock outlasts a holder in a cluster that went silent, in milliseconds. Default: 30 seconds. */
  readonly leaseMs?: number;
  /** Told once a second while another one holds the lock, whom it waits for. */
  readonly onWait?: WaitListener;
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

/** Waits that end: at the deadline with MIGRATE_LOCKED, at Ctrl-C with INTERRUPTED. */
class Patience {
  private readonly deadline: number;
  private toldAt = -Infinity;
  private onWait: WaitListener | undefined;

  constructor(private readonly options: LockOptions) {
    this.deadline = performance.now() + (options.waitMs ?? defaultWaitMs);
  }

  /** Takes a lock by tries of which each but the last calls {@link goOn}. */
  waiting(take: () => Promise<void>): Promise<void> {
    return traceWait('migrate', this.options.onWait, (told) => {
      this.onWait = told;
      return take();
    });
  }

  /** To be called after each try that found the lock taken, by whom if that is known. */
  goOn(rival: Rival | null): void {
    const { signal, database, lock } = this.options;
    assertNotInterrupted(signal);
    const { holder, remedy, isMigrate } = rival ?? onThisServer('another connection', null);
    const now = performance.now();
    if (now > this.deadline) {
      throw new ProtectionFlowsError('MIGRATE_LOCKED', {
        message: isMigrate
          ? `another migrate of database ${database} is under way: ${holder}`
          : `the lock for migrations of database ${database} is held by ${holder}`,
        remedy,
        details: { lock, holder },
      });
    }
    if (rival === null || now - this.toldAt < 1000) return;
    this.toldAt = now;
    this.onWait?.(isMigrate ? `the migrate of ${holder}` : holder);
  }
}

/** Takes the server's own lock: it says at once when its holder on this server is gone. */
async function takeServerLock(
  { session, lock: name, table }: LockOptions,
  node: Node,
  patience: Patience,
): Promise<void> {
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
    const found = await readHolder(session, table).catch(() => null);
    const isHolder = found !== null && found.connectionId === id && found.node === node.id;
    const connection = id === null ? 'another connection' : `connection ${id}`;
    patience.goOn(
      onThisServer(isHolder ? describeHolder(found) : `${connection} holds the lock ${name}`, id),
    );
  }
}

/**
 * Asks whether the lock is this session's. A proxy that lends each statement another session has given it to one that
 * others are lent too, and so would `foreign_key_checks = 0` be theirs.
 *
 * @throws LOCK_LOST
 */
async function assertOwnSession({ session, lock }: LockOptions): Promise<void> {
  const [row] = await select<{ holder: number | string | null; own: number | string }>(
    session,
    'SELECT IS_USED_LOCK(?) AS holder, CONNECTION_ID() AS own',
    [lock],
  );
  if (row === undefined || String(row.holder) === String(row.own)) return;
  throw new ProtectionFlowsError('LOCK_LOST', {
    message: `session ${row.holder} of the server was given the lock ${lock}, and session ${row.own} executed the next statement: a proxy lends each statement another session`,
    consequence: 'Nothing was changed.',
    remedy: `Give this command the server's own address, or a proxy that keeps a connection on one session. Should the lock still be held, end its session: KILL ${row.holder}.`,
    details: { lock, holder: null },
  });
}

/** Null where the row is locked by somebody. */
async function unlessLocked<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (isLostToAnother(error)) return null;
    throw error;
  });
}

/** Whoever has the lease, or its row; null where the row was missing, and is there now. */
async function rivalOf(session: Queryable, table: string): Promise<Rival | null> {
  const found = await unlessLocked(readHolder(session, table).then((row) => ({ row })));
  if (found === null) return lockedRow(table);
  if (found.row !== null) return onAnotherServer(found.row);
  const ensured = await unlessLocked(ensureLeaseRow(session, table).then(() => true));
  return ensured === null ? lockedRow(table) : null;
}

const pause = (signal: AbortSignal | undefined): Promise<void> =>
  delay(leasePollMs, undefined, { signal }).catch(() => assertNotInterrupted(signal));

async function waitForLease(
  { session, signal, table }: LockOptions,
  lease: Lease,
  patience: Patience,
): Promise<void> {
  for (let restored = false; !(await lease.take());) {
    const rival = await rivalOf(session, table);
    if (rival === null && !restored) {
      restored = true;
      continue;
    }
    patience.goOn(rival);
    await pause(signal);
  }
}

/**
 * Makes the table of the lease, and takes the lease. That table too may have to be waited for: others make it at the same
 * time, on a cluster's other nodes, or a backup lets nobody make any.
 */
const makeAndTakeLease = (options: LockOptions, lease: Lease, patience: Patience): Promise<void> =>
  patience.waiting(async () => {
    const { session, signal, table } = options;
    while ((await unlessLocked(ensureLeaseTable(session, table).then(() => true))) === null) {
      patience.goOn(lockedRow(table));
      await pause(signal);
    }
    await waitForLease(options, lease, patience);
  });

/** Nothing can be written here: what is to be done about it, preflight says. */
const isUnwritable = (error: unknown): boolean =>
  isProtectionFlowsError(error, 'PRIVILEGE_MISSING') || isProtectionFlowsError(error, 'SERVER_READ_ONLY');

/**
 * Takes the lease before anything is looked at. On a single server without the table it can wait until something is
 * changed: there, the server's own lock keeps others out. Where it can't be taken, it is asked for again then.
 */
async function takeLease(options: LockOptions, node: Node, lease: Lease, patience: Patience): Promise<void> {
  // Looked for first: a statement that fails would stand in the log of a DataSource, as if something had gone wrong
  const found = await select(options.session, 'SHOW TABLES LIKE ?', [options.table]);
  if (found.length === 0 && !node.isClustered) return;
  try {
    await patience
      .waiting(() => waitForLease(options, lease, patience))
      .catch(async (error: unknown) => {
        if (!isTableMissing(error)) throw error;
        if (!node.isClustered) return;
        await makeAndTakeLease(options, lease, patience);
      });
  } catch (error) {
    if (!isUnwritable(error)) throw await unusableTable(options.session, options.table, error);
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
 * @throws ProtectionFlowsError MIGRATE_LOCKED after the wait, naming the holder; LOCK_LOST; SCHEMA_HAND_MADE where the lease's table
 * is not one; INTERRUPTED
 */
export async function withMigrationLock<T>(
  options: LockOptions,
  work: (lock: MigrationLock) => Promise<T>,
): Promise<T> {
  const { session, table, open, holder, leaseMs = defaultLeaseMs } = options;
  const patience = new Patience(options);
  const node = await readNode(session);
  await patience.waiting(() => takeServerLock(options, node, patience));
  const lease = new Lease({ table, session, node, open, holder, leaseMs });
  let mayLease = true;
  try {
    await assertOwnSession(options);
    await takeLease(options, node, lease, patience);
    return await work({
      node,
      async assertHeld() {
        if (lease.isTaken) return lease.assertHeld();
        if (!mayLease) return;
        try {
          await makeAndTakeLease(options, lease, patience);
        } catch (error) {
          // On a single server, a user without rights on this table does without
          if (node.isClustered || !isProtectionFlowsError(error, 'PRIVILEGE_MISSING'))
            throw await unusableTable(session, table, error);
          mayLease = false;
        }
      },
    });
  } catch (error) {
    throw (await lossOf(lease, error)) ?? error;
  } finally {
    await lease.release();
    // A session that broke holds no lock any more, and its error is the one to report; others refuse for want of a quota
    await session.query('SELECT RELEASE_LOCK(?)', [options.lock]).catch(() => options.discard());
  }
}
