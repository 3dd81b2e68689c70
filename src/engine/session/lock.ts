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

/** How long a migrate waits by default for another migrate, in milliseconds. */
const defaultWaitMs = 10 * 60_000;

/** The pause between two attempts to take the lease, in milliseconds. */
const leasePollMs = 200;

/** The name for GET_LOCK. Such names are server-wide and have at most 64 characters, so it holds the database's hash. */
export function lockName(tablePrefix: string, database: string): string {
  return `${tablePrefix}_migrate_${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
}

/** Options of {@link withMigrationLock}. */
interface LockOptions {
  readonly session: Queryable;
  readonly database: string;
  /** The name for GET_LOCK, from {@link lockName}. */
  readonly lock: string;
  /** The table of the lease. */
  readonly table: string;
  /** Opens a second connection, which renews the lease. */
  open(): OwnConnection;
  /** Names this run to the runs that wait. */
  readonly holder: string;
  /** Closes a session that could not release the lock: in a pool it would hold the lock until the program ends. */
  discard(): void;
  readonly signal?: AbortSignal;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly waitMs?: number;
  /** How long the lease lasts without renewal, in milliseconds. Default: 30 seconds. */
  readonly leaseMs?: number;
  /** Called once a second with the holder, while another run holds the lock. */
  readonly onWait?: WaitListener;
}

/** The lock, held. */
export interface MigrationLock {
  /** The server that the session is connected to. */
  readonly node: Node;
  /**
   * Await this before each statement that changes something.
   *
   * @throws LOCK_LOST where another run has taken the lock
   */
  assertHeld(): Promise<void>;
}

/** Limits waits: ends them with MIGRATE_LOCKED at the deadline, and with INTERRUPTED at Ctrl-C. */
class Patience {
  private readonly deadline: number;
  private toldAt = -Infinity;
  private onWait: WaitListener | undefined;

  constructor(private readonly options: LockOptions) {
    this.deadline = performance.now() + (options.waitMs ?? defaultWaitMs);
  }

  /** Runs `take`, which calls {@link goOn} after each failed attempt to take a lock. */
  waiting(take: () => Promise<void>): Promise<void> {
    return traceWait('migrate', this.options.onWait, (told) => {
      this.onWait = told;
      return take();
    });
  }

  /** Call this after each failed attempt, with the holder if it is known; throws when the wait has to end. */
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

/** Takes GET_LOCK, which the server releases at once when its holder's session ends. */
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
    // The lease's row names the holder. It may be missing or unreadable
    const found = await readHolder(session, table).catch(() => null);
    const isHolder = found !== null && found.connectionId === id && found.node === node.id;
    const connection = id === null ? 'another connection' : `connection ${id}`;
    patience.goOn(
      onThisServer(isHolder ? describeHolder(found) : `${connection} holds the lock ${name}`, id),
    );
  }
}

/**
 * Checks that this session holds GET_LOCK. Behind a proxy that sends each statement to another session, other programs would
 * share the lock, and `foreign_key_checks = 0` too.
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
    message: `session ${row.holder} of the server took the lock ${lock}, but session ${row.own} executed the next statement: a proxy sends each statement to another session`,
    consequence: 'Nothing was changed.',
    remedy: `Give this command the server's own address, or a proxy that keeps a connection on one session. If the lock is still held, end its session: KILL ${row.holder}.`,
    details: { lock, holder: null },
  });
}

/** Null where another session has locked the row. */
async function unlessLocked<T>(work: Promise<T>): Promise<T | null> {
  return work.catch((error: unknown) => {
    if (isLostToAnother(error)) return null;
    throw error;
  });
}

/** Finds who holds the lease, or has locked its row. Null where the row was missing; then creates it. */
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
 * Creates the table of the lease, and takes the lease. The CREATE too may have to wait: other nodes of a cluster create the
 * table at the same time, or a backup blocks all DDL.
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

/** True where this user or server can't write. Preflight names the remedy. */
const isUnwritable = (error: unknown): boolean =>
  isProtectionFlowsError(error, 'PRIVILEGE_MISSING') || isProtectionFlowsError(error, 'SERVER_READ_ONLY');

/**
 * Takes the lease before preflight. A single server without the table needs no lease yet, because GET_LOCK keeps other runs
 * out: the lease is then taken before the first change. So is a lease that can't be written now.
 */
async function takeLease(options: LockOptions, node: Node, lease: Lease, patience: Patience): Promise<void> {
  // Looks for the table first: the log of a DataSource would show a failed UPDATE as a fault
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

/** The LOCK_LOST behind an error: a run that lost its lock may fail because of the next holder's changes. Null otherwise. */
async function lossOf(lease: Lease, error: unknown): Promise<unknown> {
  if (!lease.isTaken || isProtectionFlowsError(error, 'CONNECTION_LOST')) return null;
  return lease.assertHeld().then(
    () => null,
    (loss: unknown) => (isProtectionFlowsError(loss, 'LOCK_LOST') ? loss : null),
  );
}

/**
 * Runs `work` under the migration lock of that database, so that one run at a time changes the schema, on a single server
 * and in a cluster. The lock has two parts:
 *
 * - GET_LOCK ends with its session, so other runs on the same server go on at once when its holder dies. But two nodes of a
 *   cluster give the same lock to two sessions.
 * - The lease, a committed row, is given to one run of the whole cluster. Other nodes notice the death of its holder when
 *   it expires.
 *
 * @throws ProtectionFlowsError MIGRATE_LOCKED after the wait, naming the holder; LOCK_LOST; SCHEMA_HAND_MADE where the
 * lease's table was altered; INTERRUPTED
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
          // On a single server, GET_LOCK is enough for a user without privileges on this table
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
    // A broken session holds no lock any more. Another may refuse the statement, such as for its hourly quota
    await session.query('SELECT RELEASE_LOCK(?)', [options.lock]).catch(() => options.discard());
  }
}
