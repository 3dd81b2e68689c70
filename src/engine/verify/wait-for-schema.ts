import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  abortSignal,
  callback,
  count,
  declareArguments,
  optional,
  options as optionsOf,
} from '../../arguments';
import { checkConnection, settingsOf, type DataSourceConnection } from '../../config';
import { isPassing, isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import type { ProgressListener } from '../session/migration-session';
import { connectTo } from '../session/open-database';
import { readSubject } from '../subject/read-subject';
import type { Subject } from '../subject/subject';
import { checkSchema, type SchemaFit } from './check-schema';

/** Options of {@link waitForSchema}. */
export interface WaitForSchemaOptions {
  /** How long it waits, in milliseconds, at most a day; 0 to look once. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Called with what it waits for, whenever that changes. */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborting it ends the wait with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
}

/** The result of a wait, as `wait --json` prints it. `ok` is false after the timeout, or where waiting does not help. */
export interface WaitResult extends SchemaFit {
  /** How long it took, in milliseconds. */
  readonly waitedMs: number;
}

const assertWait = declareArguments('waitForSchema', {
  subject: readSubject,
  // checkConnection judges it
  connection: (value: unknown) => value,
  options: optionsOf({
    timeoutMs: optional(count({ min: 0, max: 86_400_000 })),
    onProgress: optional(callback<ProgressListener>()),
    signal: optional(abortSignal),
  }),
});

const pauses = { firstMs: 100, longestMs: 1_000 } as const;

/** What comes first: the answer, an error that may pass, or null for the signal. Throws any other error. */
async function unlessStopped(
  looking: Promise<SchemaFit>,
  stop: AbortSignal,
): Promise<SchemaFit | ProtectionFlowsError | null> {
  const answered = new AbortController();
  const stopped = once(stop, 'abort', { signal: answered.signal }).then(() => null);
  const answer = looking.catch((error: unknown) => {
    // Another process may be creating the database, and a running migrate may have dropped what it adds again
    const isOnItsWay = ['DATABASE_MISSING', 'MIGRATION_PENDING'] as const;
    if (isPassing(error) || isOnItsWay.some((code) => isProtectionFlowsError(error, code)))
      return error as ProtectionFlowsError;
    throw error;
  });
  return Promise.race([answer, stopped]).finally(() => answered.abort());
}

/** Looks again and again until the program fits the schema, as {@link waitForSchema} does. */
export async function waitUntilFit(
  look: () => Promise<SchemaFit>,
  { timeoutMs = 60_000, onProgress, signal }: WaitForSchemaOptions,
): Promise<WaitResult> {
  const startedAt = performance.now();
  const result = (fit: SchemaFit): WaitResult => ({
    ...fit,
    waitedMs: Math.round(performance.now() - startedAt),
  });
  if (timeoutMs === 0) return result(await look());
  // Used to the end: Node.js drops a deadline that nothing refers to
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any(signal === undefined ? [deadline] : [deadline, signal]);
  let last: SchemaFit | Error = new ProtectionFlowsError('CONNECTION_TIMEOUT', {
    message: `the server has not answered in ${timeoutMs / 1000} s`,
    remedy: 'Look whether the server runs and is reachable from here, or wait longer.',
  });
  for (
    let pauseMs: number = pauses.firstMs;
    !stop.aborted;
    pauseMs = Math.min(2 * pauseMs, pauses.longestMs)
  ) {
    const seen = await unlessStopped(look(), stop);
    if (seen === null) break;
    if (!(seen instanceof Error) && seen.state !== 'absent' && seen.state !== 'behind') return result(seen);
    if (seen.message !== last.message) onProgress?.({ migration: null, step: `waiting: ${seen.message}` });
    last = seen;
    await delay(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
  if (!deadline.aborted)
    throw new ProtectionFlowsError('INTERRUPTED', {
      message: 'the wait for the schema was stopped',
      consequence: 'Nothing was changed.',
      remedy: 'Run it again.',
    });
  if (last instanceof Error) throw last;
  return result(last);
}

/**
 * Waits until the server can be reached, gives sessions, and has a schema that the program fits (`checkSchema`). Ends at
 * once for a fault that does not pass, such as a wrong password, and for a schema that is ahead or differs. Needs SELECT
 * alone, and writes nothing. Opens a connection for each look.
 *
 * @param subject whose tables they are
 * @param connection the settings, or where to look for them: `{ env, configFile, cwd }`
 * @param onStatement told of each statement
 * @throws ProtectionFlowsError CONFIG_INVALID and its like for the connection; VALIDATION_FAILED for the other arguments;
 * ACCESS_DENIED, PRIVILEGE_MISSING and other faults that do not pass; INTERRUPTED for its signal; the error of the last look
 * where the time ends while the server can't be reached
 */
export async function waitForSchema(
  subject: Subject,
  connection: DataSourceConnection,
  options: WaitForSchemaOptions = {},
  onStatement?: (sql: string, ms: number) => void,
): Promise<WaitResult> {
  assertWait({ subject, connection, options });
  checkConnection(connection);
  const settings = settingsOf(connection);
  const limit = { answerLimitMs: settings.connectTimeoutMs };
  return waitUntilFit(async () => {
    const database = await connectTo(subject, settings, onStatement, limit);
    return checkSchema(database).finally(() => database.close());
  }, options);
}
