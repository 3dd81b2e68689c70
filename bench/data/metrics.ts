import { resolve } from 'node:path';
import type { BenchDatabase } from '../support/bench-database';
import { flowCount } from '../support/rows';
import { spread, type Spread } from '../support/statistics';
import { TsProcess } from '../support/ts-process';
import { claimTogether, startWorkers } from './claims';
import { rawPool } from './contestants/floor';
import { claimSize } from './operations';
import type { ScrapeMessage, ScrapeOrder } from './scrape-process';
import { RecordedOurs } from './statements';
import { inTurns } from './turns';

/** The time to read the metrics, in milliseconds, and how much it slows claims down. */
export interface MetricsCost {
  /** The measured numbers of flows with series of their own. */
  readonly reads: readonly { readonly flows: number; readonly ours: Spread; readonly raw: Spread }[];
  /** Claims a second of four processes, without scrapes and with one every second. */
  readonly alone: Spread;
  readonly scraped: Spread;
  /** How long those scrapes took. */
  readonly scrapes: Spread;
}

const rounds = { measured: 15, warmUp: 3 };
const claimRounds = 7;
const workerCount = 4;
const dueFlows = 6_000;

/** Measures the text of some flows beside the same statements on mysql2 alone. */
async function measureReads(url: string, flows: number): Promise<MetricsCost['reads'][number]> {
  const recorded = await RecordedOurs.connect(url);
  const pool = rawPool(url);
  try {
    await recorded.ours.scrape({ limit: flows });
    const statements = await recorded.during((ours) => ours.scrape({ limit: flows }));
    const times = await inTurns(
      {
        ours: { run: () => recorded.ours.scrape({ limit: flows }) },
        raw: {
          async run() {
            for (const { text, parameters } of statements) await pool.query(text, [...parameters]);
          },
        },
      },
      rounds,
    );
    return { flows, ...times };
  } finally {
    await recorded.release();
    await pool.end();
  }
}

/** Lets four processes claim 20 flows at a time, in turns without scrapes and with one every second. */
async function measureClaims(
  database: BenchDatabase,
): Promise<Pick<MetricsCost, 'alone' | 'scraped' | 'scrapes'>> {
  const workers = await startWorkers(database.url, workerCount);
  const file = resolve(__dirname, 'scrape-process.ts');
  const scraper = new TsProcess<ScrapeOrder, ScrapeMessage>(file, [], { DATABASE_URL: database.url });
  await scraper.next();
  const perSecond = { alone: [] as number[], scraped: [] as number[] };
  const tookMs: number[] = [];
  try {
    for (let round = 0; round < 2 * claimRounds; round += 1) {
      // In pairs, because each round leaves more executions behind
      const isScraped = round % 4 === 1 || round % 4 === 2;
      if (isScraped) scraper.send('scrape');
      const { perSecond: rate } = await claimTogether(database, workers, claimSize, dueFlows);
      perSecond[isScraped ? 'scraped' : 'alone'].push(rate);
      if (!isScraped) continue;
      const told = scraper.next();
      scraper.send('rest');
      tookMs.push(...(await told).tookMs);
    }
  } finally {
    for (const worker of workers) worker.release();
    scraper.release();
  }
  return { alone: spread(perSecond.alone), scraped: spread(perSecond.scraped), scrapes: spread(tookMs) };
}

/** Measures the cost of a scrape, and how much it slows claims down. */
export async function measureMetrics(database: BenchDatabase): Promise<MetricsCost> {
  const reads = [];
  for (const flows of [0, 1_000, flowCount]) reads.push(await measureReads(database.url, flows));
  return { reads, ...(await measureClaims(database)) };
}
