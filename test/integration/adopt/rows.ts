import { select, type Queryable, type Row } from '../../../src/engine/server/queryable';
import { seedPlatformRows } from '../../../src/testing';
import { declaredSchema } from '../../../src/migrations';
import { statisticsColumns } from '../../../src/statistics/meaning';
import type { Start } from './start';

/** A flow that every hand-made table accepts. */
export const flow = (id: string, name: string, more: Row = {}): Row => ({
  id,
  name,
  flow_type: 'replication',
  target_type: 'vm',
  target_id: 'vm-1',
  destination_type: 'ossea',
  created_at: '2025-01-02 03:04:05',
  updated_at: '2025-02-03 04:05:06',
  ...more,
});

const flowNulls = [
  'enabled',
  'last_execution_status',
  'total_executions',
  'successful_executions',
  'failed_executions',
  'created_at',
  'updated_at',
  'created_by',
];

const execution = (id: string, more: Row = {}): Row => ({
  id,
  flow_id: 'flow-1',
  execution_type: 'manual',
  created_at: '2025-01-02 03:04:05',
  ...more,
});

/** Inserts a row with these columns alone, whichever others the table has. */
export async function insert(session: Queryable, table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  await session.query(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    Object.values(row),
  );
}

/** Inserts rows of every kind that hand-made tables accept: with umlauts, JSON and references to the platform's rows. */
export async function seedRows(
  session: Queryable,
  options: Pick<Start, 'nulls' | 'extra' | 'tables' | 'without'> = {},
): Promise<void> {
  const { nulls = false, extra = {}, tables = ['protection_flows', 'protection_flow_executions'] } = options;
  const ids = await seedPlatformRows(session);
  const references = {
    flow_type: 'backup',
    repository_id: ids.repositories[0],
    policy_id: ids.policy,
    schedule_id: ids.schedules[0],
  };
  if (tables.includes('protection_flows')) {
    await insert(session, 'protection_flows', { ...flow('flow-1', 'Nightly Müller', references), ...extra });
    await insert(session, 'protection_flows', {
      ...flow('flow-2', "It's a replica", {
        destination_config: '{"host": "ünix"}',
        description: 'two\nlines',
      }),
      ...extra,
    });
    if (nulls) {
      await insert(session, 'protection_flows', {
        ...flow('flow-4', 'hardly null', { enabled: null }),
        ...extra,
      });
      const empty = flowNulls.filter((name) => !(options.without ?? []).includes(name));
      await insert(session, 'protection_flows', {
        ...flow('flow-3', 'all null', { last_execution_time: '2024-05-06 07:08:09' }),
        ...Object.fromEntries(empty.map((name) => [name, null])),
        ...extra,
      });
    }
  }
  if (!tables.includes('protection_flow_executions')) return;
  await insert(session, 'protection_flow_executions', execution('run-1', { created_job_ids: '["job-ä"]' }));
  await insert(
    session,
    'protection_flow_executions',
    execution('run-2', {
      schedule_execution_id: ids.scheduleExecutions[0],
      status: 'cancelled',
      started_at: '2025-01-02 03:04:06',
      bytes_transferred: '9007199254740991',
    }),
  );
  if (nulls) {
    const empty = [
      'status',
      'jobs_created',
      'jobs_failed',
      'bytes_transferred',
      'created_at',
      'triggered_by',
    ];
    await insert(
      session,
      'protection_flow_executions',
      execution('run-3', {
        ...Object.fromEntries(empty.map((name) => [name, null])),
        started_at: '2024-05-06 07:08:09',
        completed_at: '2024-05-06 08:08:09',
      }),
    );
  }
}

/** The rows without the flows' statistics: adopt recounts these, and verify proves them. */
export function withoutStatistics({
  protection_flows: rows = [],
  ...others
}: Record<string, Row[]>): Record<string, Row[]> {
  const kept = ([name]: [string, unknown]): boolean => !statisticsColumns.some((one) => one === name);
  return {
    ...others,
    protection_flows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(kept))),
  };
}

/** Every row of both tables, each value of a declared column as text. */
export async function readRows(session: Queryable): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {};
  for (const { name, columns } of declaredSchema.values()) {
    const there = await select<{ name: string }>(
      session,
      'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
      [name],
    );
    if (!there.some((column) => column.name === 'id')) continue;
    const parts = columns
      .filter((column) => there.some((one) => one.name === column.name))
      .map((column) => `CAST(\`${column.name}\` AS CHAR CHARACTER SET utf8mb4) AS \`${column.name}\``);
    found[name] = await select(session, `SELECT ${parts.join(', ')} FROM ${name} ORDER BY id`);
  }
  return found;
}

const zero = '0000-00-00 00:00:00';

/** The expected rows after a repair: NULL becomes the default, '0000-00-00' becomes NULL, and nothing else changes. */
export function mended(rows: Record<string, Row[]>): Record<string, Row[]> {
  const mendRow = (table: string, row: Row): Row => {
    const times = ['started_at', 'completed_at', 'last_execution_time', 'updated_at', 'created_at']
      .map((name) => row[name])
      .filter((value): value is string => typeof value === 'string' && value !== zero)
      .sort();
    const values = (declaredSchema.get(table)?.columns ?? []).map(({ name, nullable, default: value }) => {
      const found = row[name] === zero ? null : (row[name] ?? null);
      if (found !== null || nullable || value === null) return [name, found];
      if (value === 'current_timestamp') return [name, name === 'updated_at' ? times.at(-1) : times[0]];
      return [name, value.slice(1, -1)];
    });
    return Object.fromEntries(values) as Row;
  };
  return Object.fromEntries(
    Object.entries(rows).map(([table, all]) => [table, all.map((row) => mendRow(table, row))]),
  );
}
