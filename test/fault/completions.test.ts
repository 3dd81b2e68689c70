import { isProtectionFlowsError } from '../../src/errors';
import type { Outcome } from '../../src/repositories';
import { select } from '../../src/engine/server/queryable';
import { useDataLayer } from '../integration/repositories/data-layer';
import { insertFlows, yearlySchedule } from './claims-flows';
import { runningTwice, wrongStatistics } from './completions-recount';
import { atOnce, numbers, usePrograms } from './completions-sources';

const completers = 32;

/** The outcome that the n-th completer gives an execution. Outcomes differ in every column. */
const outcome = (n: number): Outcome => ({
  status: (['success', 'warning', 'error', 'cancelled'] as const)[n % 4]!,
  error_message: `completer ${n}`,
  jobs_completed: 10 + n,
  jobs_failed: 20 + n,
  bytes_transferred: 30 + n,
});

// Without these, two callers that end a run could count it twice, overwrite each other, or lose the increment of a third.
describe(`${completers} completers at once`, () => {
  const layer = useDataLayer();
  const programs = usePrograms(layer.database, 4, completers / 4);
  const executionsOf = (worker: number) => programs()[worker % 4]!.repositories.executions;

  interface EndedRow {
    readonly id: string;
    readonly status: string;
    readonly error_message: string | null;
    readonly jobs_completed: number;
    readonly jobs_failed: number;
    readonly bytes_transferred: number;
  }
  const rowsOf = (prefix: string): Promise<EndedRow[]> =>
    select<EndedRow>(
      layer.database.session,
      `SELECT id, status, error_message, jobs_completed, jobs_failed, CAST(bytes_transferred AS DOUBLE) AS bytes_transferred
         FROM protection_flow_executions WHERE flow_id LIKE ? ORDER BY id`,
      [`${prefix}%`],
    );

  /** Inserts several running runs per flow, as an older program leaves them: the hardest case for the totals. */
  async function insertRuns(prefix: string, flowCount: number, count: number): Promise<string[]> {
    await insertFlows(layer.database.session, { prefix, count: flowCount });
    await layer.database.session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at)
       SELECT CONCAT(?, 'run-', LPAD(n, 5, '0')), CONCAT(?, LPAD(n MOD ?, 5, '0')), 'running', 'api', CURRENT_TIMESTAMP
         FROM ${numbers(count)}`,
      [prefix, prefix, flowCount],
    );
    await layer.database.session.query(
      `UPDATE protection_flows f SET f.total_executions =
              (SELECT COUNT(*) FROM protection_flow_executions e WHERE e.flow_id = f.id) WHERE f.id LIKE ?`,
      [`${prefix}%`],
    );
    return (await rowsOf(prefix)).map(({ id }) => id);
  }
  const totals = (prefix: string) =>
    select(
      layer.database.session,
      `SELECT SUM(total_executions) AS total, SUM(successful_executions) AS successful, SUM(failed_executions) AS failed
         FROM protection_flows WHERE id LIKE ?`,
      [`${prefix}%`],
    ).then(([row]) => ({
      total: Number(row?.total),
      successful: Number(row?.successful),
      failed: Number(row?.failed),
    }));
  const having = (rows: readonly EndedRow[], status: string): number =>
    rows.filter((row) => row.status === status).length;
  const expectTotals = async (prefix: string, rows: readonly EndedRow[]): Promise<void> =>
    expect(await totals(prefix)).toEqual({
      total: rows.length,
      successful: having(rows, 'success'),
      failed: having(rows, 'error'),
    });

  it('end each of 2,000 runs once: one of three wins, its outcome is kept and counted once', async () => {
    const ids = await insertRuns('race-', 40, 2_000);
    const calls = ids.flatMap((id, n) => [0, 1, 2].map((nth) => ({ id, as: n + nth })));
    const won = new Map<string, number[]>();
    await atOnce(completers, calls, async ({ id, as }, worker) => {
      if (await executionsOf(worker).finish(id, outcome(as))) won.set(id, [...(won.get(id) ?? []), as]);
    });
    const rows = await rowsOf('race-');
    expect(rows).toEqual(ids.map((id) => ({ id, ...outcome(won.get(id)?.[0] ?? -1) })));
    expect([...won.values()].filter((winners) => winners.length !== 1)).toEqual([]);
    await expectTotals('race-', rows);
    // There was a race: the first caller did not always win
    expect(ids.filter((id, n) => won.get(id)?.[0] !== n).length).toBeGreaterThan(0);
  });

  it('lose no increment of one flow', async () => {
    const ids = await insertRuns('one-', 1, 400);
    await atOnce(completers, [...ids.entries()], ([n, id], worker) =>
      executionsOf(worker).finish(id, outcome(n)),
    );
    const rows = await rowsOf('one-');
    expect(rows.map(({ status }) => status)).toEqual(ids.map((_, n) => outcome(n).status));
    await expectTotals('one-', rows);
  });

  it('begin one run of a flow, and tell the other callers its id', async () => {
    const { session } = layer.database;
    const flows = await insertFlows(session, { prefix: 'start-', count: 40 });
    for (const flow_id of flows) {
      const began: string[] = [];
      const refused: unknown[] = [];
      await Promise.all(
        Array.from({ length: completers }, async (_, worker) => {
          try {
            began.push((await executionsOf(worker).start({ flow_id, execution_type: 'manual' })).id);
          } catch (error) {
            if (!isProtectionFlowsError(error, 'FLOW_STILL_RUNNING')) throw error;
            refused.push(error.details.executionId);
          }
        }),
      );
      expect([flow_id, began.length, refused]).toEqual([flow_id, 1, Array(completers - 1).fill(began[0])]);
    }
    expect(
      await layer.count("SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id LIKE 'start-%'"),
    ).toBe(40);
    expect(await wrongStatistics(session, 'start-')).toEqual([]);
  });

  it('begin one run of a flow, whichever call begins it, and each queued run once', async () => {
    const { session } = layer.database;
    const flows = await insertFlows(session, {
      prefix: 'way-',
      count: 40,
      schedule_id: await yearlySchedule(session),
    });
    for (const flow_id of flows) {
      await session.query("UPDATE protection_flows SET next_execution_time = '2026-01-01' WHERE id = ?", [
        flow_id,
      ]);
      const queued = await layer.repositories.executions.enqueue({ flow_id, execution_type: 'api' });
      const isRefusal = (error: unknown): boolean => isProtectionFlowsError(error, 'FLOW_STILL_RUNNING');
      const ways = programs().flatMap(({ repositories: { executions, dueFlows }, index }) => {
        const worker = `worker-${index}`;
        return [
          executions.start({ flow_id, execution_type: 'manual' }).then(({ id }) => [id]),
          executions.begin(queued.id).then((isMine) => (isMine ? [queued.id] : [])),
          dueFlows.claimQueued({ worker }).then((claims) => claims.map(({ execution }) => execution.id)),
          dueFlows.claimDue({ worker }).then(({ claimed }) => claimed.map(({ execution }) => execution.id)),
        ];
      });
      const ended = await Promise.allSettled(ways);
      const faults = ended.filter((one) => one.status === 'rejected' && !isRefusal(one.reason));
      expect(faults).toEqual([]);
      const began = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
      expect([flow_id, began]).toEqual([flow_id, [expect.any(String)]]);
    }
    expect(await runningTwice(session)).toEqual([]);
    expect(await wrongStatistics(session, 'way-')).toEqual([]);
  });
});
