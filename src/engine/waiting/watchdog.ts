import { setTimeout as delay } from 'node:timers/promises';
import { select, type Queryable } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { findHolders } from './find-holders';
import type { Holders } from './holders';

/** How often to look at the statement during its first second, in milliseconds. */
const pollMs = 20;
/** How often to look later, in milliseconds. */
const slowPollMs = 200;

/** How long the second connection's statements may go without an answer, in milliseconds. */
export const answerLimitMs = 5000;

/** The thread states (SHOW PROCESSLIST) of a wait for a lock of the server, not of InnoDB. */
const waiting = /^Waiting for .*(lock|flush)$/;

/** How many characters of a statement to compare with the statement that a thread executes. */
const comparedLength = 500;

/** A statement to watch. */
interface Watched {
  readonly sql: string;
  /** When to look first, in milliseconds. */
  readonly afterMs: number;
  /** How long the statement may wait after it has worked for `workedMs`, in milliseconds. */
  sliceMs(workedMs: number): number;
  /** Once aborted, the statement is ended as soon as it waits. */
  readonly signal?: AbortSignal;
}

/** What a watch has seen. */
interface Sighting {
  /** True where the watchdog has sent KILL QUERY. */
  killed: boolean;
  /** How long the statement worked before its last wait, in milliseconds; null where it was never seen waiting. */
  workedMs: number | null;
  /** Who held the table during that wait; null where that is not known. */
  holders: Holders | null;
}

/** A running watch. */
interface Watch {
  /** Ends the watch; await it before the session executes anything else. Afterwards the watchdog sends nothing. */
  end(): Promise<Sighting>;
}

/**
 * Ends a session's statements that wait too long for a table. A second connection looks at the session's state, and sends
 * KILL QUERY while the statement waits, never while it works. The connection is opened when it is first needed. Without
 * one, or where it breaks, the server's lock_wait_timeout ends the wait.
 */
export class Watchdog {
  private connection: OwnConnection | null = null;
  private sessionId: number | undefined;

  constructor(
    private readonly session: Queryable,
    private readonly open: () => OwnConnection,
    /** This run's other connections, which hold no table. */
    readonly ownThreads: () => readonly number[] = () => [],
  ) {}

  /** Watches the statement that the session executes next. */
  async watch(watched: Watched): Promise<Watch> {
    if (this.sessionId === undefined) {
      const [row] = await select<{ id: number | string }>(this.session, 'SELECT CONNECTION_ID() AS id');
      this.sessionId = Number(row?.id);
    }
    const stop = new AbortController();
    const sighting: Sighting = { killed: false, workedMs: null, holders: null };
    const ended = this.guard(this.sessionId, watched, stop.signal, sighting).catch(() => {
      // After any fault, the next watch opens another connection
      if (!stop.signal.aborted) this.close();
    });
    return {
      async end() {
        stop.abort();
        await ended;
        return sighting;
      },
    };
  }

  /** Closes the second connection. */
  close(): void {
    this.connection?.close();
    this.connection = null;
  }

  private async guard(id: number, watched: Watched, stop: AbortSignal, sighting: Sighting): Promise<void> {
    const unlessStopped = stoppable(stop);
    const startedAt = performance.now();
    let lookedAt = startedAt;
    let waitingSince: number | null = null;
    let waitedBeforeMs = 0;
    await delay(watched.afterMs, undefined, { signal: stop });
    this.connection ??= this.open();
    const { connection } = this;
    for (;;) {
      const isWaiting = await unlessStopped(isWaitingFor(connection, id, watched.sql));
      const now = performance.now();
      let nextMs = now - startedAt < 1000 ? pollMs : slowPollMs;
      if (!isWaiting) {
        if (waitingSince !== null) waitedBeforeMs += lookedAt - waitingSince;
        waitingSince = null;
      } else if (waitingSince === null) {
        waitingSince = lookedAt;
        sighting.workedMs = waitingSince - startedAt - waitedBeforeMs;
        sighting.holders = await unlessStopped(
          findHolders(connection, { waiterId: id, sql: watched.sql, ownThreads: this.ownThreads() }),
        );
        nextMs = 0;
      } else {
        const leftMs = waitingSince + watched.sliceMs(sighting.workedMs ?? 0) - now;
        if (leftMs <= 0 || watched.signal?.aborted) {
          sighting.killed = true;
          // Always awaited: the session goes on only after the answer, so the kill can't hit a later statement
          await connection.query(`KILL QUERY ${id}`);
          return;
        }
        nextMs = Math.min(leftMs, pollMs);
      }
      lookedAt = now;
      await delay(nextMs, undefined, { signal: stop });
    }
  }
}

/** True while that connection waits for a lock in that statement. A user sees its own threads without PROCESS. */
async function isWaitingFor(connection: Queryable, id: number, sql: string): Promise<boolean> {
  const [thread] = await select<{ state: string | null; info: string | null }>(
    connection,
    'SELECT STATE AS state, INFO AS info FROM information_schema.PROCESSLIST WHERE ID = ?',
    [id],
  );
  // Behind a load balancer this may be another server, where another session has the same id
  const isOurs = thread?.info?.slice(0, comparedLength) === sql.slice(0, comparedLength);
  return isOurs && waiting.test(thread?.state ?? '');
}

/** Wraps promises so that they reject at once when the signal is aborted. */
function stoppable(signal: AbortSignal): <T>(promise: Promise<T>) => Promise<T> {
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  stopped.catch(() => undefined);
  return (promise) => Promise.race([promise, stopped]);
}
