import type { Connection } from 'mysql2/promise';
import type { BenchDatabase } from '../support/bench-database';
import { fillRuns, flowCount, flowId, idSql, numbersSql, type FilledRuns } from '../support/rows';

const scheduleCount = 20;
const repositoryCount = 5;
const policyCount = 5;
const groupCount = 200;
const runningCount = 200;
const jobsOfRun = 20;

/** The id of the n-th schedule. */
export const scheduleId = (n: number): string => `schedule-${n % scheduleCount}`;

/** The first flows are running; operations that begin runs use the others. */
export const firstIdleFlow = 1_000;

/** Each fifth of these has several newest runs in the same second. */
export const latestFlows: readonly string[] = Array.from({ length: 500 }, (_, n) =>
  flowId(firstIdleFlow + n * 18),
);

/** The id of a job of a run under way. */
export const runningJob = (run: number): string => `backup-web-${run % runningCount}-1760000000-7`;

async function fillPlatform(session: Connection): Promise<void> {
  const numbered = (count: number): string => numbersSql(0, count);
  await session.query(
    `INSERT INTO replication_schedules (id, name, cron_expression, timezone)
     SELECT CONCAT('schedule-', n), CONCAT('Nightly ', n), CONCAT(n, ' 2 * * *'), 'Europe/Berlin' FROM ${numbered(scheduleCount)}`,
  );
  await session.query(
    `INSERT INTO backup_repositories (id, name, repository_type, config)
     SELECT CONCAT('repo-', n), CONCAT('Local ', n), 'local', '{}' FROM ${numbered(repositoryCount)}`,
  );
  await session.query(
    `INSERT INTO backup_policies (id, name, primary_repository_id)
     SELECT CONCAT('policy-', n), CONCAT('Daily ', n), 'repo-0' FROM ${numbered(policyCount)}`,
  );
  await session.query(
    `INSERT INTO vm_replication_contexts (context_id, vm_name, vmware_vm_id, vm_path, vcenter_host, datacenter)
     SELECT CONCAT('ctx-web-', n), CONCAT('web-', n), n, CONCAT('/dc/vm/web-', n), 'vcenter', 'dc' FROM ${numbered(flowCount)}`,
  );
  await session.query(
    `INSERT INTO vm_machine_groups (id, name) SELECT CONCAT('group-', n), CONCAT('Web servers ', n) FROM ${numbered(groupCount)}`,
  );
}

/** Half of the flows are backups, each fifth protects a group; all have a schedule and are due tomorrow. */
async function letFlowsRefer(session: Connection): Promise<void> {
  const n = 'CONV(LEFT(id, 8), 16, 10)';
  const ofBackup = (value: string): string => `IF(${n} MOD 2 = 0, ${value}, NULL)`;
  await session.query(
    `UPDATE protection_flows SET
       repository_id = ${ofBackup(`CONCAT('repo-', ${n} MOD ${repositoryCount})`)},
       policy_id = ${ofBackup(`CONCAT('policy-', ${n} MOD ${policyCount})`)},
       flow_type = IF(${n} MOD 2 = 0, 'backup', 'replication'), destination_type = IF(${n} MOD 2 = 0, NULL, 'ossea'),
       target_id = IF(${n} MOD 5 = 4, CONCAT('group-', ${n} MOD ${groupCount}), target_id),
       target_type = IF(${n} MOD 5 = 4, 'group', 'vm'), destination_config = '{"network": "bench", "thin": true}',
       schedule_id = CONCAT('schedule-', ${n} MOD ${scheduleCount}),
       next_execution_time = CURRENT_TIMESTAMP + INTERVAL 1 DAY, created_at = TIMESTAMP '2024-01-01 00:00:00' + INTERVAL ${n} MINUTE`,
  );
}

async function fillRunning(session: Connection): Promise<void> {
  const rows = Array.from({ length: runningCount }, (_, run) => {
    const jobs = Array.from({ length: jobsOfRun }, (_none, job) => `backup-web-${run}-1760000000-${job}`);
    return [
      `running-${run}`,
      flowId(run),
      'running',
      'scheduled',
      jobsOfRun,
      JSON.stringify(jobs),
      '{"worker": "bench"}',
    ];
  });
  await session.query(
    `INSERT INTO protection_flow_executions
       (id, flow_id, status, execution_type, jobs_created, created_job_ids, execution_metadata) VALUES ?`,
    [rows],
  );
  await session.query('UPDATE protection_flow_executions SET started_at = created_at WHERE status = ?', [
    'running',
  ]);
}

async function fillTies(session: Connection): Promise<void> {
  const rows = latestFlows
    .filter((_, n) => n % 5 === 0)
    .flatMap((id, n) =>
      ['b', 'c', 'a'].map((one) => [`tie-${n}-${one}`, id, 'success', 'manual', '2025-11-01 00:00:00']),
    );
  await session.query(
    'INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at) VALUES ?',
    [rows],
  );
}

/** Fills all tables but the long histories. */
export async function fillDataSet(database: BenchDatabase, rows: number): Promise<void> {
  await database.growTo(rows);
  await database.inBulk(async () => {
    await fillPlatform(database.session);
    await letFlowsRefer(database.session);
    await fillRunning(database.session);
    await fillTies(database.session);
  });
  await database.settle();
}

/** A flow with a long history of its own. */
export interface LongHistory {
  readonly flow: string;
  readonly rows: number;
  /** The id of its n-th run, the oldest being the 0th. */
  readonly runId: (n: number) => string;
  /** When its n-th run was created. */
  readonly createdAt: (n: number) => Date;
}

const began = Date.UTC(2024, 0, 1);
/** How many different times the runs of the history with ties have. */
const tiedSeconds = 4;

async function fillHistory(
  { session }: BenchDatabase,
  flow: number,
  rows: number,
  runs: Pick<FilledRuns, 'id' | 'created_at'>,
): Promise<void> {
  await session.query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
     VALUES (?, CONCAT('Long history ', ?), 'replication', 'vm', 'ctx-web-0', 'ossea')`,
    [flowId(flow), flow],
  );
  const jobs = JSON.stringify([
    'backup-web-1-1760000000',
    'backup-web-2-1760000000',
    'backup-web-3-1760000000',
  ]);
  await fillRuns(session, 0, rows, { ...runs, flow_id: `'${flowId(flow)}'`, created_job_ids: `'${jobs}'` });
}

/** A flow with a run each second, and one whose runs all began in four seconds. */
export async function fillHistories(
  database: BenchDatabase,
  rows: number,
): Promise<{ spread: LongHistory; tied: LongHistory }> {
  const history = (flow: number, tail: string, createdAt: (n: number) => Date): LongHistory => ({
    flow: flowId(flow),
    rows,
    runId: (n) => n.toString(16).padStart(8, '0') + tail,
    createdAt,
  });
  const [spreadTail, tiedTail] = ['-0001-7000-8000-0000000000e1', '-0002-7000-8000-0000000000e1'];
  const runsOfSecond = Math.ceil(rows / tiedSeconds);
  await database.inBulk(async () => {
    await fillHistory(database, flowCount, rows, { id: idSql('n', spreadTail), created_at: 'began' });
    await fillHistory(database, flowCount + 1, rows, {
      id: idSql('n', tiedTail),
      created_at: `TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (n DIV ${runsOfSecond}) SECOND`,
    });
  });
  await database.settle();
  return {
    spread: history(flowCount, spreadTail, (n) => new Date(began + n * 1000)),
    tied: history(flowCount + 1, tiedTail, (n) => new Date(began + Math.floor(n / runsOfSecond) * 1000)),
  };
}
