import type { RowDataPacket } from 'mysql2/promise';
import type { BenchDatabase } from '../support/bench-database';
import { flowCount, flowId, numbersSql } from '../support/rows';
import type { Spread } from '../support/statistics';
import { workClock } from '../support/processor';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import { RecordedOurs } from './statements';
import { inTurns } from './turns';

/** A read that the web page repeats every two seconds: by this package, and its statement on mysql2 alone; milliseconds. */
export interface PageRead {
  readonly name: string;
  readonly ours: Spread;
  readonly floor: Spread;
  /** This package's processor time of server and client: the duration on a machine without other work. */
  readonly work: Spread;
  /** The index that finds the runs. */
  readonly index: string;
}

/** A page polls for hours, so the time before its code is compiled does not count. */
const rounds = { measured: 41, warmUp: 40 };
const vms = 50;
const runsOfGroup = 100;
const groupFlow = flowId(flowCount + 2);
const shown = Array.from({ length: 500 }, (_, n) => flowId(n));

/** Jobs of the 200 runs under way, and a flow of 50 VMs that ran 100 times, the last run being under way. */
async function fillJobs(database: BenchDatabase): Promise<void> {
  const { session } = database;
  const insert = `INSERT INTO backup_jobs
    (id, vm_context_id, vm_name, repository_id, backup_type, repository_path, total_bytes, status, bytes_transferred,
     started_at, completed_at)`;
  const lastRun = runsOfGroup - 1;
  await database.inBulk(async () => {
    await session.query(
      `${insert} SELECT CONCAT('backup-web-', r.n, '-1760000000-', j.n), CONCAT('ctx-web-', j.n), CONCAT('web-', j.n), 'repo-0',
              'incremental', '/b', 1000, IF(j.n < 5, 'completed', 'running'), 5 * j.n, NOW(), IF(j.n < 5, NOW(), NULL)
         FROM ${numbersSql(0, 200).replace(/numbers$/, 'r')} JOIN ${numbersSql(0, 20).replace(/numbers$/, 'j')}`,
    );
    await session.query(`INSERT INTO vm_machine_groups (id, name) VALUES ('group-page', 'Page')`);
    await session.query(
      `INSERT INTO vm_group_memberships (id, group_id, vm_context_id, priority)
       SELECT CONCAT('page-', n), 'group-page', CONCAT('ctx-web-', n), n FROM ${numbersSql(0, vms)}`,
    );
    await session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, repository_id)
       VALUES (?, 'Page', 'backup', 'group', 'group-page', 'repo-0')`,
      [groupFlow],
    );
    await session.query(
      `${insert} SELECT CONCAT('page-', r.n, '-', v.n), CONCAT('ctx-web-', v.n), CONCAT('web-', v.n), 'repo-0', 'incremental',
              '/b', 1000, IF(r.n = ${lastRun}, 'running', 'completed'), 500, NOW() - INTERVAL 5 MINUTE, IF(r.n = ${lastRun}, NULL, NOW())
         FROM ${numbersSql(0, runsOfGroup).replace(/numbers$/, 'r')} JOIN ${numbersSql(0, vms).replace(/numbers$/, 'v')}`,
    );
    const runs = Array.from({ length: runsOfGroup }, (_, run) => [
      `page-run-${run}`,
      groupFlow,
      run === lastRun ? 'running' : 'success',
      'scheduled',
      JSON.stringify(Array.from({ length: vms }, (_none, vm) => `page-${run}-${vm}`)),
    ]);
    await session.query(
      'INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_job_ids) VALUES ?',
      [runs],
    );
    await session.query(
      `UPDATE backup_jobs SET current_phase = 'transferring', transfer_speed_bps = 100, eta_seconds = 9, progress_percent = 1.5,
              last_telemetry_at = UTC_TIMESTAMP() WHERE status = 'running'`,
    );
  });
  await session.query('ANALYZE TABLE backup_jobs, vm_group_memberships');
  await database.settle();
}

const reads = {
  'progress of 500 flows, 200 runs of 20 jobs under way': async ({ repositories }: Ours) => {
    const { size } = await repositories.executions.progress(shown);
    if (size !== 200) throw new Error(`${size} runs are under way`);
  },
  'machines of 50 VMs, 100 runs': async ({ repositories }: Ours) => {
    const machines = await repositories.targets.machines(groupFlow);
    const running = machines.filter((machine) => machine.running?.phase === 'transferring');
    if (running.length !== vms)
      throw new Error(`${running.length} of ${machines.length} machines are backed up`);
  },
};

/** Measures what the web page polls. */
export async function measurePageReads(database: BenchDatabase): Promise<PageRead[]> {
  await fillJobs(database);
  const recorded = await RecordedOurs.connect(database.url);
  const ours = await Ours.connect(database.url);
  const pool = rawPool(database.url);
  try {
    const results: PageRead[] = [];
    for (const [name, read] of Object.entries(reads)) {
      // The first call also reads the catalog
      await recorded.during(read);
      const [statement, ...more] = await recorded.during(read);
      if (statement === undefined || more.length > 0) throw new Error(`${name}: not one statement`);
      const { text, parameters } = statement;
      const [plan] = await pool.query<RowDataPacket[]>(
        `EXPLAIN ${database.flavour === 'mysql' ? 'FORMAT=TRADITIONAL ' : ''}${text}`,
        parameters as string[],
      );
      const turns = {
        ours: { run: () => read(ours) },
        floor: { run: () => pool.query(text, parameters as string[]) },
      };
      const times = await inTurns(turns, rounds);
      const { ours: work } = await inTurns({ ours: turns.ours }, rounds, workClock(database.url));
      results.push({ name, ...times, work, index: String(plan.find(({ table }) => table === 'e')?.key) });
    }
    return results;
  } finally {
    await recorded.release();
    await ours.release();
    await pool.end();
  }
}
