import { once } from 'node:events';
import type * as Mysql2 from 'mysql2';
import type { Queryable } from './queryable';

/** The part of mysql2 that the engine uses. */
export interface Connector extends Pick<typeof Mysql2, 'createConnection'> {
  /** With several hosts: chooses the host that {@link Connector.createConnection} connects to. */
  findWriter?(options: Mysql2.ConnectionOptions): Promise<void>;
}

/** Where and how to connect. Account, TLS and session settings are the same for every session. */
export interface Address {
  readonly connector: Connector;
  readonly options: Mysql2.ConnectionOptions;
}

/**
 * Finds which of several configured hosts takes writes; {@link openConnection} then connects to that host. With one host
 * it does nothing.
 *
 * @throws ProtectionFlowsError NO_WRITABLE_HOST, with the fault of each host
 */
export async function findWriter({ connector, options }: Address): Promise<void> {
  await connector.findWriter?.(options);
}

/** A connection outside the pool; its opener closes it. Once it is closed or broken, it rejects every statement at once. */
export interface OwnConnection extends Queryable {
  /** The same connection, with another limit for the answer to a statement, in milliseconds. */
  within(answerLimitMs: number): Queryable;
  /** The server's id of the connection; null before it is connected. */
  threadId(): number | null;
  /** Closes the connection at once; rejects the statements that have no answer yet. */
  close(): void;
  /** Says goodbye to the server, so that the server stops counting the connection. After a second without answer: {@link close}. */
  end(): Promise<void>;
}

/** How long the server may take to answer the goodbye of a connection, in milliseconds. */
const leaveLimitMs = 1000;

/** Options of a connection that the engine opens itself. */
export interface OwnConnectionOptions {
  /** How long a statement waits for its answer, in milliseconds. Default: without limit. */
  readonly answerLimitMs?: number | undefined;
  /** True where one query may hold several statements. Default: false. */
  readonly multipleStatements?: boolean | undefined;
}

/** mysql2's command object: its limit, read when it begins, and its timer, set once it has begun. */
interface Limited {
  timeout?: number | undefined;
  readonly queryTimeout?: NodeJS.Timeout;
}

/**
 * Opens a connection outside any pool; with several hosts, to the host that takes writes. It returns at once. If the
 * connection fails, its statements are rejected with that error.
 */
export function openConnection(
  { connector, options }: Address,
  special: OwnConnectionOptions = {},
): OwnConnection {
  const { multipleStatements, answerLimitMs } = special;
  const connection = connector.createConnection({ ...options, multipleStatements });
  const unanswered = new Set<(reason: unknown) => void>();
  // mysql2 answers no statement on a connection that the server refused. Its first error is the answer to all
  let gone: unknown = null;
  const fail = (reason: unknown): void => {
    gone ??= reason;
    for (const reject of unanswered) reject(reason);
    unanswered.clear();
  };
  // Only this event says why the session could not begin; it comes before the callbacks of the statements
  connection.on('error', fail);
  const close = (): void => {
    connection.destroy();
    // mysql2 forgets the statements that wait for an answer
    fail(new Error('the connection was closed before the answer came'));
  };
  const send = (sql: string, values: unknown[] | undefined, timeout: number | undefined): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== null) {
        reject(gone as Error);
        return;
      }
      const giveUp = (reason: unknown): void => {
        reject(reason as Error);
        // Else mysql2's timer keeps the process alive, and mysql2 starts a timer for each statement behind a refusal
        clearTimeout(command.queryTimeout);
        command.timeout = undefined;
      };
      const command = connection.query(
        { sql, values, timeout },
        (error: (Error & { code?: string; fatal?: boolean }) | null, rows: unknown) => {
          unanswered.delete(giveUp);
          if (error) reject(error);
          else resolve(rows);
          if (error?.fatal) fail(error);
          // mysql2 would queue the next statement behind the one that timed out
          if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') close();
        },
      ) as object as Limited;
      unanswered.add(giveUp);
    });
  return {
    close,
    async end() {
      if (gone === null) {
        const limit = new AbortController();
        const left = once(connection, 'end', { signal: limit.signal });
        const timer = setTimeout(() => limit.abort(), leaveLimitMs);
        connection.end(() => undefined);
        await left.catch(() => undefined);
        clearTimeout(timer);
      }
      close();
    },
    threadId: () => (connection as { threadId?: number }).threadId ?? null,
    query: (sql, parameters) => send(sql, parameters, answerLimitMs),
    within: (limitMs) => ({ query: (sql, parameters) => send(sql, parameters, limitMs) }),
  };
}
