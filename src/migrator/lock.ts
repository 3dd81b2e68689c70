import { createHash } from 'node:crypto';
import { ProtectionFlowsError } from '../errors';
import { assertNotInterrupted } from './interruption';
import { select, type Queryable } from '../schema/queryable';

/** How long a migrate waits by default for another one that is under way, in milliseconds. */
const defaultWaitMs = 10 * 60_000;

/** The lock's name on the server: its names are server-wide and at most 64 characters, so the database is hashed. */
export function lockName(database: string): string {
  return `sendense_flow_migrate_${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;
}

/** Options of {@link withMigrationLock}. */
interface LockOptions {
  readonly session: Queryable;
  readonly database: string;
  readonly signal?: AbortSignal;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly waitMs?: number;
  /** Told once a second while another connection holds the lock. */
  onWait?(holder: string): void;
}

async function lockHolder(session: Queryable, name: string): Promise<string> {
  const [row] = await select<{ id: number | string | null }>(session, 'SELECT IS_USED_LOCK(?) AS id', [name]);
  return row === undefined || row.id === null ? 'another connection' : `connection ${row.id}`;
}

async function acquire(options: LockOptions, name: string): Promise<void> {
  const deadline = Date.now() + (options.waitMs ?? defaultWaitMs);
  for (;;) {
    const [row] = await select<{ got: number | string | null }>(
      options.session,
      'SELECT GET_LOCK(?, 1) AS got',
      [name],
    );
    if (Number(row?.got) === 1) return;
    const holder = await lockHolder(options.session, name);
    assertNotInterrupted(options.signal);
    if (Date.now() > deadline) {
      throw new ProtectionFlowsError('MIGRATE_LOCKED', {
        message: `another migrate of database ${options.database} is under way: ${holder} holds the lock ${name}`,
        remedy: `Wait for it and run again; if it hangs, end its connection (KILL ${holder.replace(/\D/g, '') || '<id>'}).`,
        details: { lock: name, holder },
      });
    }
    options.onWait?.(holder);
  }
}

/**
 * Runs `work` while the session holds the server's advisory lock for migrations of that database: one at a time, on
 * one server. The server frees the lock by itself when the session ends.
 *
 * @throws ProtectionFlowsError MIGRATE_LOCKED after the wait, naming the holder
 */
export async function withMigrationLock<T>(options: LockOptions, work: () => Promise<T>): Promise<T> {
  const name = lockName(options.database);
  await acquire(options, name);
  try {
    return await work();
  } finally {
    // A session that broke holds no lock any more; its error is the one to report.
    await options.session.query('SELECT RELEASE_LOCK(?)', [name]).catch(() => undefined);
  }
}
