import { uuidv7 } from 'uuidv7';
import { count, options, optional, refuse, type Reader } from '../../arguments';
import type { FieldFault } from '../../errors';
import type { Session } from '../session';
import { heartbeatAt, heartbeatNow, metadataIn, startingFlag } from './execution-input';

/** Whether a run that ended with error is tried again, and when. */
export interface RetryPolicy {
  /** How often a run is tried in all, 2 to 100. */
  readonly attempts: number;
  /** Before the second attempt, in milliseconds; twice as long before each further one. In whole seconds, by the server's clock. */
  readonly delayMs: number;
  /** Default: 1 hour. */
  readonly longestDelayMs?: number | undefined;
}

/** Says how a run is tried again. */
export interface RetryOptions {
  readonly retry?: RetryPolicy | undefined;
}

const hourMs = 3_600_000;
const delay = count({ min: 0, max: 30 * 24 * hourMs });

const policy: Reader<Required<RetryPolicy>> = options({
  attempts: count({ min: 2, max: 100 }),
  delayMs: delay,
  longestDelayMs: optional(delay, hourMs),
});

/** A {@link RetryPolicy}, or none. */
export const retryPolicy = optional<Required<RetryPolicy>>((value, field, faults) => {
  const own: FieldFault[] = [];
  const given = policy(value, field, own);
  const sentences = own.flatMap(({ constraints }) => Object.values(constraints));
  return own.length === 0 ? given : refuse(faults, field, 'isRetry', `is no policy: ${sentences.join(', ')}`);
});

/** SQL that is true for a run whose time to be tried again has come, or that is none. */
export const mayBeTried = `COALESCE(JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.retry.not_before')) <= ${heartbeatNow}, TRUE)`;

/**
 * Puts the next attempt of a run that failed into the queue, unless that was the last. Its metadata are those of the run, but for
 * what says how that one went; `retry` names it, counts, and says when.
 */
export async function enqueueRetry(
  session: Session,
  id: string,
  { attempts, delayMs, longestDelayMs }: RetryPolicy,
): Promise<void> {
  const attempt = "COALESCE(CAST(JSON_EXTRACT(e.execution_metadata, '$.retry.attempt') AS UNSIGNED), 1)";
  const at = heartbeatAt(
    `UTC_TIMESTAMP() + INTERVAL CEIL(LEAST(?, ? * POW(2, ${attempt} - 1)) / 1000) SECOND`,
  );
  await session.write(
    `INSERT INTO protection_flow_executions (id, flow_id, execution_type, triggered_by, schedule_execution_id, execution_metadata)
     SELECT ?, e.flow_id, e.execution_type, e.triggered_by, e.schedule_execution_id,
            JSON_SET(JSON_REMOVE(${metadataIn('e.execution_metadata')}, '$.worker', '$.heartbeat_at', '$.${startingFlag}'),
                     '$.retry', JSON_OBJECT('of', e.id, 'attempt', ${attempt} + 1, 'not_before', ${at}))
       FROM protection_flow_executions e WHERE e.id = ? AND ${attempt} < ?`,
    [uuidv7(), longestDelayMs, delayMs, id, attempts],
  );
}
