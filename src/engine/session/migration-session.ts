import { abortSignal, callback, count, optional } from '../../arguments';
import { isProtectionFlowsError, ProtectionFlowsError, translated } from '../../errors';
import { ownerOf, ownTablesOf } from '../subject/subject';
import { thisProcess } from '../server/names';
import type { StepContext } from '../steps/step';
import type { Database, Session } from './database';
import { executeStatement, assertNotInterrupted } from '../waiting/execute-statement';
import { lockName, withMigrationLock, type MigrationLock } from './lock';
import { rowLockSeconds, withShortLockWait, traceWait, type WaitListener } from '../waiting/lock-wait';
import type { Node } from '../server/node';
import { type OwnConnection, type OwnConnectionOptions } from '../server/open-connection';
import { TableProbe } from '../waiting/table-probe';
import { answerLimitMs, Watchdog } from '../waiting/watchdog';
import { setTimeout as delay } from 'node:timers/promises';

/** Told before each thing a migrate or rollback does; for progress displays. Must not throw. */
export type ProgressListener = (event: ProgressEvent) => void;

/** A step about to run. */
export interface ProgressEvent {
  /** The migration under way, or null for preflight, the lock and the pass that adds absent keys. */
  readonly migration: string | null;
  /** What is being done, in words: `create table shop_orders`. */
  readonly step: string;
}

/** What every command that changes the schema can be told. */
export interface SessionOptions {
  /** Told before each step, and from time to time during a long one; for progress displays. */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborting it stops the command before its next statement, with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly lockWaitMs?: number | undefined;
  /**
   * How long the lock outlasts this run in a cluster, should it go silent, in milliseconds. Default: 30 seconds. On the
   * same server others see at once that it is gone.
   */
  readonly lockLeaseMs?: number | undefined;
  /** How long each statement waits for a transaction that holds its table, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number | undefined;
}

const dayMs = 86_400_000;
const wait = optional(count({ min: 0, max: dayMs }));

/** The options of whatever holds the migration lock. */
export const sessionReaders = {
  onProgress: optional(callback<ProgressListener>()),
  signal: optional(abortSignal),
  lockWaitMs: wait,
  lockLeaseMs: optional(count({ min: 1, max: dayMs })),
  tableWaitMs: wait,
};

/** A session that holds the migration lock. */
interface MigrationSession {
  readonly session: Session;
  /** What the steps are given: they execute on the session, under the lock. */
  readonly context: StepContext;
  /** The server that it is on. */
  readonly node: Node;
  /** How many statements that change something were started. */
  executed(): number;
  /** Tells progress of something that belongs to no migration. */
  tell(step: string): void;
}

/** What a command lets the steps do, and wants to hear of them. */
type StepWishes = Pick<StepContext, 'discardRows' | 'orphans' | 'copyLimitRows' | 'onKey' | 'onDiscard'>;

/**
 * Runs `work` on a session of its own that holds the migration lock. Whatever the steps execute on it tells
 * progress, stops at Ctrl-C and never waits long for a table.
 *
 * @throws ProtectionFlowsError MIGRATE_LOCKED, LOCK_LOST, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, and what `work` throws
 */
export async function withMigrationSession<T>(
  database: Database,
  options: SessionOptions,
  wishes: StepWishes,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const { onProgress, signal, lockWaitMs: waitMs, lockLeaseMs: leaseMs, tableWaitMs } = options;
  const { server, subject } = database;
  const session = database.openSession();
  const beside: OwnConnection[] = [];
  const open = (special: OwnConnectionOptions = {}): OwnConnection => {
    const connection = database.openConnection({ answerLimitMs, ...special });
    beside.push(connection);
    return connection;
  };
  const watchdog = new Watchdog(session, open, () =>
    beside.flatMap((connection) => connection.threadId() ?? []),
  );
  const probe = new TableProbe(() => open({ multipleStatements: true }));
  const tell = (step: string): void => onProgress?.({ migration: null, step });
  let executed = 0;
  let lock: MigrationLock | undefined;
  const goOn = async (): Promise<void> => {
    assertNotInterrupted(signal);
    await lock?.assertHeld();
    assertNotInterrupted(signal);
  };
  const onWait: WaitListener = (holder) => tell(`wait for ${holder}`);
  const context: StepContext = {
    ...wishes,
    session,
    server,
    owner: ownerOf(subject),
    tableWaitMs,
    goOn,
    onProgress: tell,
    onStep: (migration, step) => onProgress?.({ migration, step }),
    async execute(sql) {
      await goOn();
      executed += 1;
      const options = {
        watchdog,
        probe: lock?.node.isGalera ? probe : undefined,
        signal,
        tableWaitMs,
        rowLockSeconds: rowLockSeconds[server.flavour],
      };
      await traceWait('table', onWait, (told) =>
        executeStatement(session, sql, { ...options, onWait: told }),
      );
    },
  };
  try {
    // Around the lock too: nobody can be told whom to wait for by a statement that waits on the server
    const locked = () =>
      withShortLockWait(session, server, () =>
        withMigrationLock(
          {
            session,
            database: database.database,
            lock: lockName(subject.tablePrefix, database.database),
            table: ownTablesOf(subject).lock,
            open,
            holder: `${thisProcess()}, version ${subject.version}`,
            discard: () => session.discard(),
            signal,
            waitMs,
            leaseMs,
            onWait,
          },
          (held) => {
            lock = held;
            return work({ session, context, node: held.node, executed: () => executed, tell });
          },
        ),
      );
    return await unlessSilent(locked, open, signal);
  } catch (error) {
    // It may hold the lock, and answers nothing
    if (isProtectionFlowsError(error, 'CONNECTION_TIMEOUT')) session.discard();
    throw error;
  } finally {
    watchdog.close();
    probe.close();
    await session.release();
  }
}

/** How long after an answer the server is asked again, in milliseconds. */
const pauseMs = 1000;

function silentServer(cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('CONNECTION_TIMEOUT', {
    message: 'interrupted by the caller, and the server answers nothing any more',
    consequence: 'The statement under way may or may not take effect; everything before it has.',
    remedy: 'See what is wrong with the server, then run the command again: it goes on from what is there.',
    cause,
  });
}

/**
 * Runs `work`, but once the signal is aborted, no longer than the server answers: a statement under way is waited for,
 * however long it takes; one on a server that is frozen, or behind a network that was cut, has no end.
 *
 * @param open a connection besides, whose statements have a limit
 * @throws ProtectionFlowsError CONNECTION_TIMEOUT; and what `work` throws
 */
export async function unlessSilent<T>(
  work: () => Promise<T>,
  open: () => OwnConnection,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return work();
  const done = new AbortController();
  const silence = new Promise<never>((_resolve, reject) => {
    const watch = (): void => void untilSilent(open, done.signal).then(reject, () => undefined);
    if (signal.aborted) watch();
    else signal.addEventListener('abort', watch, { signal: done.signal });
  });
  try {
    return await Promise.race([work(), silence]);
  } finally {
    done.abort();
  }
}

async function untilSilent(open: () => OwnConnection, done: AbortSignal): Promise<ProtectionFlowsError> {
  for (;;) {
    await delay(pauseMs, undefined, { signal: done, ref: false });
    const connection = open();
    try {
      await connection.query('DO 0');
    } catch (error) {
      // Any other answer, a refusal too, is one
      if (isProtectionFlowsError(translated(error), 'CONNECTION_TIMEOUT')) return silentServer(error);
    } finally {
      connection.close();
    }
  }
}
