import { setTimeout as delay } from 'node:timers/promises';
import { select, type Queryable } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { findHolders } from './find-holders';
import type { Holders } from './holders';

/** How often a statement that works is looked at, in milliseconds. */
const pollMs = 20;
/** The same once it has worked for long. */
const slowPollMs = 200;

/** How long the second connection's statements may go without an answer, in milliseconds. */
export const answerLimitMs = 5000;

/** What a thread waits for when it waits for a lock of the server's, not of InnoDB's: as in SHOW PROCESSLIST. */
const waiting = /^Waiting for .*(lock|flush)$/;

/** How much of a statement is compared with the one that a thread executes. */
const comparedLength = 500;

/** What a watch is to know of its statement. */
interface Watched {
  readonly sql: string;
  /** From when on to look, in milliseconds. */
  readonly afterMs: number;
  /** How long the statement may wait that has worked for so long before, in milliseconds. */
  sliceMs(workedMs: number): number;
  /** Once it is aborted, the statement does not wait any longer. */
  readonly signal?: AbortSignal;
}

/** What a watch has seen. */
interface Sighting {
  /** True where the statement was ended, or may have been. */
  killed: boolean;
  /** How long it worked before it last began to wait, in milliseconds; null where it was never seen waiting. */
  workedMs: number | null;
  /** Who held the table then; null where nobody could be asked. */
  holders: Holders | null;
}

/** A statement under watch. */
interface Watch {
  /** To be awaited before the session executes anything else: after it, nothing more is sent. */
  end(): Promise<Sighting>;
}

/**
 * Ends the attempts of a session's statements that wait for a table for too long: a second connection looks what the
 * session does, and sends KILL QUERY while it waits, never while it works. The connection is opened when it is first
 * needed. Without one, or where it breaks, the server's lock_wait_timeout ends the wait.
 */
export class Watchdog {
  private connection: OwnConnection | null = null;
  private sessionId: number | undefined;

  constructor(
    private readonly session: Queryable,
    private readonly open: () => OwnConnection,
    /** The connections that belong to this run besides the session: they hold up nobody. */
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
      // Whatever is wrong with it, the next watch begins with another connection
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
          // Never abandoned: the session waits for its answer, so it can't reach a later statement
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

/** True while that connection waits for a lock in that very statement. A user sees its own threads without PROCESS. */
async function isWaitingFor(connection: Queryable, id: number, sql: string): Promise<boolean> {
  const [thread] = await select<{ state: string | null; info: string | null }>(
    connection,
    'SELECT STATE AS state, INFO AS info FROM information_schema.PROCESSLIST WHERE ID = ?',
    [id],
  );
  // Behind a balancer this may be another server, where the number is somebody else's
  const isOurs = thread?.info?.slice(0, comparedLength) === sql.slice(0, comparedLength);
  return isOurs && waiting.test(thread?.state ?? '');
}

/** Rejects at once when the signal is aborted, whatever becomes of the promise. */
function stoppable(signal: AbortSignal): <T>(promise: Promise<T>) => Promise<T> {
  const stopped = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  stopped.catch(() => undefined);
  return (promise) => Promise.race([promise, stopped]);
}
