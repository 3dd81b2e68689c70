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
 * SQL that is true, false, or NULL where a job under way has never told anything: whether all jobs under way of the run `e` have
 * been silent for so long. A run whose jobs are over is not silent: its end is to be settled. What is more than a day ahead is
 * no time, as for a heartbeat.
 *
 * @returns null where the platform's release does not tell
 */
function silentJobs(columns: PlatformColumns): string | null {
  if (!columns.has('backup_jobs.last_telemetry_at')) return null;
  const id = `id ${comparableText(columns, 'backup_jobs.id', 512)} PATH '$'`;
  return `(SELECT MAX(IF(b.last_telemetry_at > CURRENT_TIMESTAMP + INTERVAL 1 DAY, NULL, b.last_telemetry_at))
             FROM JSON_TABLE(e.created_job_ids, '$[*]' COLUMNS (${id})) j JOIN backup_jobs b ON b.id = j.id
            WHERE b.status = 'running') < CURRENT_TIMESTAMP - INTERVAL ? SECOND`;
}

/**
 * No sign of life for so long: since the last heartbeat, or since the start where there was none. What stands there and
 * can't be a heartbeat, as it is no time, or one that has not come yet, is none; a day is for a clock that was set back. What
 * a job under way tells is a sign of its run. A run of another program's is judged by these alone.
 *
 * @param withoutSignSeconds since the start, for a run of another program that has never given a sign; null: it is not judged
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
 * Ends runs that have been silent for too long, with error. A sign of life that comes in between saves a run: the
 * condition is part of the statement that ends it.
 *
 * @returns the ids of the runs that were ended
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
