import type { Connection } from 'mysql2/promise';

/** The number of flows that have the executions. */
export const flowCount = 10_000;

const flowTail = '-0000-7000-8000-0000000000f1';
const executionTail = '-0000-7000-8000-0000000000e1';

const id = (n: number, tail: string): string => n.toString(16).padStart(8, '0') + tail;

/** The id of the n-th filled flow. */
export const flowId = (n: number): string => id(n, flowTail);

/** The id of the n-th filled execution; in ascending order, as UUIDv7 are. */
export const executionId = (n: number): string => id(n, executionTail);

/** SQL for the id with a number (itself SQL) and a tail. */
export const idSql = (n: string, tail: string): string => `CONCAT(LPAD(LOWER(HEX(${n})), 8, '0'), '${tail}')`;

const digit =
  '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
const chunk = 100_000;

/** The numbers from `from` up to, not including, `to`; at most a chunk of them. */
export function numbersSql(from: number, to: number): string {
  const powers = [1, 10, 100, 1_000, 10_000];
  const sum = powers.map((power, place) => `t${place}.d * ${power}`).join(' + ');
  const tables = powers.map((_, place) => `${digit} t${place}`).join(' CROSS JOIN ');
  return `(SELECT ${from} + ${sum} AS n FROM ${tables} HAVING n < ${to}) numbers`;
}

/** Fills the table of flows, without references to platform rows. */
export async function fillFlows(connection: Connection): Promise<void> {
  await connection.query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
     SELECT ${idSql('n', flowTail)}, CONCAT('Protect web ', n), 'replication', 'vm', CONCAT('ctx-web-', n), 'ossea'
       FROM ${numbersSql(0, flowCount)} ORDER BY n`,
  );
}

/** The columns of filled runs, as SQL expressions of their number `n` and the time `began`, one second apart. */
export interface FilledRuns {
  readonly id: string;
  readonly flow_id: string;
  readonly created_at: string;
  readonly created_job_ids: string;
}

/**
 * Fills the table of executions with the runs of the numbers `from` up to, not including, `to`: ended, most with
 * success. The indexes exist already, so that their pages are as full as those of a table that has grown.
 */
export async function fillRuns(
  connection: Connection,
  from: number,
  to: number,
  { id, flow_id, created_at, created_job_ids }: FilledRuns,
): Promise<void> {
  for (let start = from; start < to; start += chunk) {
    await connection.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, jobs_created, jobs_completed,
         started_at, completed_at, execution_time_seconds, vms_processed, bytes_transferred, execution_metadata,
         created_job_ids, created_at)
       SELECT ${id}, ${flow_id},
         ELT(1 + n MOD 20, 'error', 'warning', 'success', 'success', 'success', 'success', 'success', 'success', 'success',
           'success', 'success', 'success', 'success', 'success', 'success', 'success', 'success', 'success', 'success', 'success'),
         'scheduled', 1, 1, began, began + INTERVAL 90 SECOND, 90, 1, n * 4096, '{"origin": "bench"}',
         ${created_job_ids}, ${created_at}
       FROM (SELECT n, TIMESTAMP '2024-01-01 00:00:00' + INTERVAL n SECOND AS began
               FROM ${numbersSql(start, Math.min(to, start + chunk))}) filled ORDER BY n`,
    );
  }
}

/** Fills the table of executions from row `from` up to row `to`: a run of every flow in turn. */
export function fillExecutions(connection: Connection, from: number, to: number): Promise<void> {
  return fillRuns(connection, from, to, {
    id: idSql('n', executionTail),
    flow_id: idSql(`n MOD ${flowCount}`, flowTail),
    created_at: 'began',
    created_job_ids: 'NULL',
  });
}
