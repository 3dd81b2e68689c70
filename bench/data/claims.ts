import { resolve } from 'node:path';
import type { BenchDatabase } from '../support/bench-database';
import { flowId } from '../support/rows';
import { TsProcess } from '../support/ts-process';
import type { ClaimMessage, ClaimOrder } from './claim-messages';
import { firstIdleFlow } from './data-set';
import { claimSize, makeDue } from './operations';

const file = resolve(__dirname, 'claim-process.ts');
const workerCounts = [1, 4, 8];

/** How fast workers claim together. */
export interface ClaimsResult {
  readonly workers: number;
  /** At most so many flows a claim. */
  readonly limit: number;
  readonly flows: number;
  readonly perSecond: number;
  /** The share of the worker that got least, in flows. */
  readonly least: number;
}

/** How many flows are due, for claims of one flow and of several: enough for a few seconds. */
const dueFlows = { one: 600, several: 6_000 };

type Worker = TsProcess<ClaimOrder, ClaimMessage>;

/** So many processes that claim; ready when the promise resolves. */
export async function startWorkers(url: string, count: number): Promise<Worker[]> {
  const workers = Array.from(
    { length: count },
    (_, n): Worker => new TsProcess(file, [`bench-${n}`], { DATABASE_URL: url }),
  );
  await Promise.all(workers.map((worker) => worker.next()));
  return workers;
}

/** Lets the workers claim so many flows that are due; throws where one is claimed twice or not at all. */
export async function claimTogether(
  { session }: BenchDatabase,
  workers: readonly Worker[],
  limit: number,
  flows: number,
): Promise<ClaimsResult> {
  const ids = Array.from({ length: flows }, (_, n) => flowId(firstIdleFlow + n));
  await makeDue(session, ids);
  const answers = Promise.all(workers.map((worker) => worker.next()));
  for (const worker of workers) worker.send({ limit });
  const done = (await answers).filter((answer) => answer.is === 'done');
  const claimed = done.flatMap((answer) => answer.flowIds);
  if (claimed.length !== flows || new Set(claimed).size !== flows) {
    throw new Error(
      `${flows} flows were due, ${claimed.length} claimed, ${new Set(claimed).size} of them different`,
    );
  }
  await session.query(
    `UPDATE protection_flow_executions SET status = 'success' WHERE status = 'running' AND triggered_by LIKE 'bench-%'`,
  );
  const seconds = (Math.max(...done.map(({ to }) => to)) - Math.min(...done.map(({ from }) => from))) / 1000;
  return {
    workers: workers.length,
    limit,
    flows,
    perSecond: flows / seconds,
    least: Math.min(...done.map(({ flowIds }) => flowIds.length)),
  };
}

/** Lets 1, 4 and 8 workers claim all due flows, one and twenty at a time; throws where one is claimed twice or not at all. */
export async function measureClaims(database: BenchDatabase): Promise<ClaimsResult[]> {
  const results: ClaimsResult[] = [];
  for (const count of workerCounts) {
    const workers = await startWorkers(database.url, count);
    try {
      results.push(await claimTogether(database, workers, 1, dueFlows.one));
      results.push(await claimTogether(database, workers, claimSize, dueFlows.several));
    } finally {
      for (const worker of workers) worker.release();
    }
  }
  return results;
}
