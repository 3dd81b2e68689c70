import { resolve } from 'node:path';
import type { BenchDatabase } from '../support/bench-database';
import { flowId } from '../support/rows';
import { TsProcess } from '../support/ts-process';
import type { ClaimMessage, ClaimOrder } from './claim-messages';
import { median, type Spread } from '../support/statistics';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import { firstIdleFlow } from './data-set';
import { claimSize } from './operations';
import { endClaimed, makeDue } from './shared-turns';
import { inTurns } from './turns';

const file = resolve(__dirname, 'claim-process.ts');
const workerCounts = [1, 4, 8];

/** Who claims: this package, or mysql2 alone with the same statements. */
type Claimer = 'ours' | 'floor';

/** How fast workers claim together. */
export interface ClaimsResult {
  readonly workers: number;
  /** The largest number of flows of a claim. */
  readonly limit: number;
  readonly flows: number;
  readonly perSecond: number;
  /** How many flows the worker with the fewest got. */
  readonly least: number;
}

/** How fast this package claims, also as a share of mysql2 alone; medians of the rounds. */
export interface ClaimsRatio extends ClaimsResult {
  readonly floor: number;
}

/** How many flows a claim takes, and how many are due: enough for at least a second. */
const sizes = [
  { limit: 1, flows: 600 },
  { limit: claimSize, flows: 6_000 },
  { limit: 50, flows: 6_000 },
];
const rounds = 5;

type Worker = TsProcess<ClaimOrder, ClaimMessage>;

/** Starts processes that claim; they are ready when the promise resolves. */
export async function startWorkers(url: string, count: number, claimer: Claimer = 'ours'): Promise<Worker[]> {
  const workers = Array.from(
    { length: count },
    (): Worker => new TsProcess(file, [claimer], { DATABASE_URL: url }),
  );
  await Promise.all(workers.map((worker) => worker.next()));
  return workers;
}

/** Lets the workers claim due flows; throws if one is claimed twice or not at all. */
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
  await endClaimed(session);
  const seconds = (Math.max(...done.map(({ to }) => to)) - Math.min(...done.map(({ from }) => from))) / 1000;
  return {
    workers: workers.length,
    limit,
    flows,
    perSecond: flows / seconds,
    least: Math.min(...done.map(({ flowIds }) => flowIds.length)),
  };
}

/**
 * Lets 1, 4 and 8 workers claim all due flows, one, twenty and fifty at a time, in turns with this package and mysql2
 * alone; throws if a flow is claimed twice or not at all.
 */
export async function measureClaims(database: BenchDatabase): Promise<ClaimsRatio[]> {
  const results: ClaimsRatio[] = [];
  const planner = await Ours.connect(database.url);
  // A flow's first claim writes down what its times are computed from
  await planner.repositories.dueFlows.plan();
  await planner.release();
  for (const count of workerCounts) {
    const ours = await startWorkers(database.url, count);
    const floor = await startWorkers(database.url, count, 'floor');
    try {
      for (const { limit, flows } of sizes) {
        const measured: Record<Claimer, ClaimsResult[]> = { ours: [], floor: [] };
        for (let round = 0; round < rounds; round += 1)
          for (const claimer of round % 2 === 0 ? (['ours', 'floor'] as const) : (['floor', 'ours'] as const))
            measured[claimer].push(
              await claimTogether(database, claimer === 'ours' ? ours : floor, limit, flows),
            );
        const perSecond = (claimer: Claimer): number => median(measured[claimer].map((one) => one.perSecond));
        const least = Math.min(...measured.ours.map((one) => one.least));
        const rates = { perSecond: perSecond('ours'), floor: perSecond('floor') };
        results.push({ workers: count, limit, flows, ...rates, least });
      }
    } finally {
      for (const worker of [...ours, ...floor]) worker.release();
    }
  }
  return results;
}

/**
 * A poll that finds nothing, beside reading a row by its key on mysql2. A scheduler polls for months, so the time before
 * its code is compiled does not count.
 */
export async function measureIdlePoll({ url }: BenchDatabase): Promise<Record<'ours' | 'select', Spread>> {
  const ours = await Ours.connect(url);
  const pool = rawPool(url);
  try {
    return await inTurns(
      {
        ours: { run: () => ours.claimDue(claimSize) },
        select: { run: () => pool.query('SELECT id FROM protection_flows WHERE id = ?', [flowId(0)]) },
      },
      { measured: 500, warmUp: 2_000 },
    );
  } finally {
    await ours.release();
    await pool.end();
  }
}
