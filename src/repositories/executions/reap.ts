import { type Asked, count, declareArguments, optional, options } from '../../arguments';
import { isOwnRun } from '../../driver/own-marks';
import { comparableText, withPlatformColumns, type PlatformColumns } from '../platform-columns';
import { limitOf } from '../input';
import type { Where } from '../pages';
import type { Session } from '../session';
import { heartbeatAt } from './execution-input';
import { endExecution, retryPolicy } from './transition';

const silence = count({ min: 1, max: 10 * 365 * 86_400_000 });

const reaping = declareArguments('reapStale', {
  options: options({
    silenceMs: silence,
    withoutSignOfLifeMs: optional(silence, null),
    limit: limitOf(10_000, 100),
    retry: retryPolicy,
  }),
});

/**
 * SQL that is true if all jobs under way of the run `e` have been silent for so long. It is NULL if no job is under way, or
 * none has ever sent telemetry. As for a heartbeat, a time more than a day ahead is ignored.
 *
 * @returns null if the platform's release has no such column
 */
function silentJobs(columns: PlatformColumns): string | null {
  if (!columns.has('backup_jobs.last_telemetry_at')) return null;
  const id = `id ${comparableText(columns, 'backup_jobs.id', 512)} PATH '$'`;
  return `(SELECT MAX(IF(b.last_telemetry_at > CURRENT_TIMESTAMP + INTERVAL 1 DAY, NULL, b.last_telemetry_at))
             FROM JSON_TABLE(e.created_job_ids, '$[*]' COLUMNS (${id})) j JOIN backup_jobs b ON b.id = j.id
            WHERE b.status = 'running') < CURRENT_TIMESTAMP - INTERVAL ? SECOND`;
}

/**
 * The condition that the run `e` has given no sign of life for so long: since its last heartbeat, or else since its start. A
 * heartbeat that is not a time, or is more than a day ahead, is ignored; the day allows for a clock that was set back.
 * Telemetry of a job under way is a sign of life of its run. A run of another program is judged by telemetry alone.
 *
 * @param withoutSignSeconds the limit since the start for another program's run without any telemetry; null: it never matches
 */
function silentFor(seconds: number, withoutSignSeconds: number | null, columns: PlatformColumns): Where {
  const heartbeat = "JSON_UNQUOTE(JSON_EXTRACT(e.execution_metadata, '$.heartbeat_at'))";
  const [since, until] = ['- INTERVAL ? SECOND', '+ INTERVAL 1 DAY'].map((distance) =>
    heartbeatAt(`UTC_TIMESTAMP() ${distance}`),
  );
  const started = 'e.started_at < CURRENT_TIMESTAMP - INTERVAL ? SECOND';
  const jobs = silentJobs(columns);
  const otherwise = withoutSignSeconds === null ? isOwnRun('e') : `(${isOwnRun('e')} OR ${started})`;
  return {
    sql: `${started} AND COALESCE(${heartbeat} NOT BETWEEN ${since} AND ${until}, TRUE)
          AND ${jobs === null ? otherwise : `COALESCE(${jobs}, ${otherwise})`}`,
    parameters: [
      seconds,
      seconds,
      ...(jobs === null ? [] : [seconds]),
      ...(withoutSignSeconds === null ? [] : [withoutSignSeconds]),
    ],
  };
}

/**
 * Ends runs with `error` that have been silent for too long. The statement that ends a run checks the condition again, so a
 * sign of life that arrives meanwhile keeps the run alive.
 *
 * @returns the ids of the runs that this call ended
 */
export async function reapSilent(session: Session, given: Asked<typeof reaping>): Promise<string[]> {
  const { silenceMs, withoutSignOfLifeMs, limit, retry } = reaping(given).options;
  const seconds = Math.ceil(silenceMs / 1000);
  const withoutSignSeconds = withoutSignOfLifeMs === null ? null : Math.ceil(withoutSignOfLifeMs / 1000);
  const { silent, found } = await withPlatformColumns(session, async (columns) => {
    const silent = silentFor(seconds, withoutSignSeconds, columns);
    const found = await session.select<{ id: string }>(
      `SELECT e.id FROM protection_flow_executions e WHERE e.status = 'running' AND ${silent.sql} ORDER BY e.id LIMIT ?`,
      [...silent.parameters, limit],
    );
    return { silent, found };
  });
  const reaped: string[] = [];
  for (const { id } of found) {
    const outcome = {
      status: 'error' as const,
      error_message: `Gave no sign of life for ${seconds} seconds: taken for dead`,
    };
    if (await endExecution(session, id, outcome, silent, retry)) reaped.push(id);
  }
  return reaped;
}
