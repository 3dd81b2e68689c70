import { once } from 'node:events';
import type * as Mysql2 from 'mysql2';
import type { Queryable } from './queryable';

/** The part of mysql2 that is needed here. */
export interface Connector extends Pick<typeof Mysql2, 'createConnection'> {
  /** Where there are several hosts: settles which of them {@link Connector.createConnection} goes to. */
  findWriter?(options: Mysql2.ConnectionOptions): Promise<void>;
}

/** Where to connect to, and by what: account, TLS and session settings are the same for every session. */
export interface Address {
  readonly connector: Connector;
  readonly options: Mysql2.ConnectionOptions;
}

/**
 * Where several hosts are configured, finds the one that takes writes, which {@link openConnection} then goes to. With
 * one host it does nothing.
 *
 * @throws ProtectionFlowsError NO_WRITABLE_HOST with what is wrong with each of them
 */
export async function findWriter({ connector, options }: Address): Promise<void> {
  await connector.findWriter?.(options);
}

/** A connection outside the pool; whoever opened it closes it. Once it is gone, every statement is rejected at once. */
export interface OwnConnection extends Queryable {
  /** The same connection for statements of which none may go without an answer for longer, in milliseconds. */
  within(answerLimitMs: number): Queryable;
  /** The server's number for it; null before it is connected. */
  threadId(): number | null;
  /** Ends it at once; statements without an answer are rejected. */
  close(): void;
  /** Takes leave of the server, which from then on does not count it any more; {@link close} where that takes long. */
  end(): Promise<void>;
}

/** How long the server may take to let a connection go, in milliseconds. */
const leaveLimitMs = 1000;

/** Options of a connection that the engine opens itself. */
export interface OwnConnectionOptions {
  /** How long a statement may go without an answer, in milliseconds. Default: for ever. */
  readonly answerLimitMs?: number | undefined;
  /** Whether a query may be several statements. Default: no. */
  readonly multipleStatements?: boolean | undefined;
}

/** mysql2's statement: the limit that it is to have once it begins, and the timer of one that has begun. */
interface Limited {
  timeout?: number | undefined;
  readonly queryTimeout?: NodeJS.Timeout;
}

/**
 * Opens a connection outside any pool, of several hosts to the one that takes writes. It returns at once: its statements
 * are rejected with what kept it from connecting.
 */
export function openConnection(
  { connector, options }: Address,
  special: OwnConnectionOptions = {},
): OwnConnection {
  const { multipleStatements, answerLimitMs } = special;
  const connection = connector.createConnection({ ...options, multipleStatements });
  const unanswered = new Set<(reason: unknown) => void>();
  // mysql2 answers nothing on a connection that the server refused: its first error stands for all statements
  let gone: unknown = null;
  const fail = (reason: unknown): void => {
    gone ??= reason;
    for (const reject of unanswered) reject(reason);
    unanswered.clear();
  };
  // Heard before the statements' own callbacks: why the session could not begin is told here alone
  connection.on('error', fail);
  const close = (): void => {
    connection.destroy();
    // mysql2 forgets them
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
        // mysql2 would keep the program from its end until the limit, and begins what waited behind a refusal
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
          // mysql2 would let the next statement wait behind the one that it has given up
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
