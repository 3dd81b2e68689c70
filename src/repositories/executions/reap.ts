import type { Session } from '../session';
import { heartbeatAt } from './execution-input';
import { endExecution, type Sql } from './transition';

/**
 * No sign of life for so long: since the last heartbeat, or since the start where there was none. What stands there and
 * can't be a heartbeat, as it is no time, or one that has not come yet, is none; a day is for a clock that was set back.
 */
function silentFor(seconds: number): Sql {
  const heartbeat = "JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.heartbeat_at'))";
  const [since, until] = ['- INTERVAL ? SECOND', '+ INTERVAL 1 DAY'].map((distance) =>
    heartbeatAt(`UTC_TIMESTAMP() ${distance}`),
  );
  return {
    sql: `e.started_at < CURRENT_TIMESTAMP - INTERVAL ? SECOND
          AND COALESCE(${heartbeat} NOT BETWEEN ${since} AND ${until}, TRUE)`,
    parameters: [seconds, seconds],
  };
}

/**
 * Ends runs that have been silent for too long, with error. A sign of life that comes in between saves a run: the
 * condition is part of the statement that ends it.
 *
 * @returns the ids of the runs that were ended
 */
export async function reapSilent(session: Session, silenceMs: number, limit: number): Promise<string[]> {
  const silent = silentFor(Math.ceil(silenceMs / 1000));
  const found = await session.select<{ id: string }>(
    `SELECT e.id FROM protection_flow_executions e WHERE e.status = 'running' AND ${silent.sql} ORDER BY e.id LIMIT ?`,
    [...silent.parameters, limit],
  );
  const reaped: string[] = [];
  for (const { id } of found) {
    const outcome = {
      status: 'error' as const,
      error_message: `Gave no sign of life for ${Math.ceil(silenceMs / 1000)} seconds: taken for dead`,
    };
    if (await endExecution(session, id, outcome, silent)) reaped.push(id);
  }
  return reaped;
}
