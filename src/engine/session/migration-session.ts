import { abortSignal, callback, count, optional } from '../../arguments';
import { isProtectionFlowsError, ProtectionFlowsError, translated } from '../../errors';
import { ownerOf, ownTablesOf } from '../subject/subject';
import { thisProcess } from '../server/names';
import { answerIn } from '../server/queryable';
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

/** Called before each step of a migrate or rollback; for progress displays. Must not throw. */
export type ProgressListener = (event: ProgressEvent) => void;

/** A step about to run. */
export interface ProgressEvent {
  /** The migration that runs; null for preflight, the lock and the pass that adds missing keys. */
  readonly migration: string | null;
  /** The step in words: `create table shop_orders`. */
  readonly step: string;
}

/** Options of every command that changes the schema. */
export interface SessionOptions {
  /** Called before each step, and from time to time during a long one; for progress displays. */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborting it stops the command before its next statement, with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly lockWaitMs?: number | undefined;
  /**
   * How long the lock outlives this run if the run dies, on other nodes of a cluster, in milliseconds. Default: 30 seconds.
   * On the same server the lock ends at once.
   */
  readonly lockLeaseMs?: number | undefined;
  /** How long each statement waits for transactions that hold its table, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number | undefined;
}

const dayMs = 86_400_000;
const wait = optional(count({ min: 0, max: dayMs }));

/** The readers of {@link SessionOptions}. */
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
  /** The context of the steps, which execute on the session, under the lock. */
  readonly context: StepContext;
  /** The server that the session is connected to. */
  readonly node: Node;
  /** How many changing statements were started. */
  executed(): number;
  /** Reports progress that belongs to no migration. */
  tell(step: string): void;
}

/** What a command allows the steps to do, and its listeners. */
type StepWishes = Pick<StepContext, 'discardRows' | 'orphans' | 'copyLimitRows' | 'onKey' | 'onDiscard'>;

/**
 * Runs `work` on a session of its own that holds the migration lock. The statements of the steps report progress, stop at
 * Ctrl-C, and never wait long for a table.
 *
 * @throws ProtectionFlowsError MIGRATE_LOCKED, LOCK_LOST, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, QUERY_FAILED, and what `work` throws
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
    // The short wait covers the lock too: a statement that waits on the server can't report the holder
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
    // The silent session may hold the lock
    if (isProtectionFlowsError(error, 'CONNECTION_TIMEOUT')) session.discard();
    throw refused(error);
  } finally {
    watchdog.close();
    probe.close();
    await session.release();
  }
}

/** The error for what the server refused without a code of ours, such as a full disk. Returns any other error as it is. */
function refused(error: unknown): unknown {
  const answer = isProtectionFlowsError(error) ? null : answerIn(error);
  if (answer === null) return error;
  return new ProtectionFlowsError('QUERY_FAILED', {
    message: `the server refused a statement (errno ${answer.errno}): ${answer.text}`,
    consequence: 'The statement had no effect; what came before it stays.',
    remedy: 'Mend what the server says, then run the command again: it does what is left.',
    details: { errno: answer.errno },
    cause: error,
  });
}

/** The pause between two checks that the server still answers, in milliseconds. */
const pauseMs = 1000;

function silentServer(cause: unknown): ProtectionFlowsError {
  return new ProtectionFlowsError('CONNECTION_TIMEOUT', {
    message: 'interrupted by the caller, and the server no longer answers',
    consequence: 'The running statement may or may not take effect; everything before it has taken effect.',
    remedy: 'Find out why the server does not answer, then run the command again: it does what is left.',
    cause,
  });
}

/**
 * Runs `work`. Once the signal is aborted, waits for the running statement only while the server answers: on a frozen server,
 * or after a network loss, the statement would never end.
 *
 * @param open opens a second connection, with a limit for answers
 * @throws ProtectionFlowsError CONNECTION_TIMEOUT; and what `work` throws
 */
async function unlessSilent<T>(
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
      // Any other error is an answer too
      if (isProtectionFlowsError(translated(error), 'CONNECTION_TIMEOUT')) return silentServer(error);
    } finally {
      connection.close();
    }
  }
}
