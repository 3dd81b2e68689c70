import type { RowDataPacket } from 'mysql2/promise';
import type { BenchDatabase } from '../support/bench-database';
import { workClock } from '../support/processor';
import { fillRuns, flowId, idSql } from '../support/rows';
import type { Spread } from '../support/statistics';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import { inTurns, type Turn } from './turns';

/** The time to recount flows, in milliseconds. */
export interface RecountCost {
  readonly flows: number;
  /** Every flow is wrong, and is corrected. */
  readonly mended: Spread;
  /** The processor time of server and client for that. */
  readonly work: Spread;
  /** Every flow is right. */
  readonly right: Spread;
  /** mysql2 alone counts the runs of each flow and writes the number: no lock, no other statistics. */
  readonly floor: Spread;
}

const flows = 500;
const rounds = { measured: 5, warmUp: 1 };
const flowTail = flowId(0).slice(8);
const runTail = flowTail.replace(/f1$/, 'e1');

async function fill(database: BenchDatabase, rows: number): Promise<void> {
  const { session } = database;
  await database.inBulk(async () => {
    await session.query('DELETE FROM protection_flows WHERE id >= ?', [flowId(flows)]);
    await fillRuns(session, 0, rows, {
      id: idSql('n', runTail),
      flow_id: idSql(`n MOD ${flows}`, flowTail),
      created_at: 'began',
      created_job_ids: 'NULL',
    });
  });
  await database.settle();
}

/** Measures recounts of a second database on the given server. */
export async function measureRecount(beside: BenchDatabase, rows: number): Promise<RecountCost> {
  const database = await beside.beside();
  const ours = await Ours.connect(database.url);
  const pool = rawPool(database.url);
  const spoil = (): Promise<unknown> =>
    database.session.query(
      `UPDATE protection_flows SET total_executions = 1, successful_executions = 7, failed_executions = 9,
              last_execution_id = NULL, last_execution_status = 'running', last_execution_time = NULL`,
    );
  const recount = async (wrong: number): Promise<void> => {
    const { ok, recounted } = await ours.repositories.retention.recount();
    if (!ok || recounted.length !== wrong) throw new Error(`${recounted.length} of ${wrong} were wrong`);
  };
  const countOnly = async (): Promise<void> => {
    const [counted] = await pool.query<RowDataPacket[]>(
      'SELECT flow_id, COUNT(*) AS runs FROM protection_flow_executions GROUP BY flow_id',
    );
    for (const { flow_id, runs } of counted)
      await pool.query('UPDATE protection_flows SET total_executions = ? WHERE id = ?', [runs, flow_id]);
  };
  try {
    await fill(database, rows);
    const mended: Turn = { prepare: spoil, run: () => recount(flows) };
    const times = await inTurns(
      {
        mended,
        right: { run: () => recount(0) },
        floor: { prepare: spoil, run: countOnly, after: () => recount(flows) },
      },
      rounds,
    );
    const { mended: work } = await inTurns({ mended }, rounds, workClock(database.url));
    return { flows, ...times, work };
  } finally {
    await ours.release();
    await pool.end();
    database.session.destroy();
  }
}
