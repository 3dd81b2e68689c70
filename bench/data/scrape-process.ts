import { clock } from '../support/clock';
import { Ours } from './contestants/ours';

/** The process' orders: to scrape every second, or to stop and report how long the scrapes took. */
export type ScrapeOrder = 'scrape' | 'rest';

/** How long each scrape took, in milliseconds; the first message says that the process is ready. */
export interface ScrapeMessage {
  readonly tookMs: readonly number[];
}

const everyMs = 1_000;

/** Prometheus and the scraped program, in a process of its own. */
async function main(): Promise<void> {
  const ours = await Ours.connect(process.env.DATABASE_URL ?? '');
  const tell = (message: ScrapeMessage): void => void process.send?.(message);
  let tookMs: number[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function scrape(): Promise<void> {
    const from = clock();
    await ours.scrape();
    tookMs.push(clock() - from);
  }

  process.on('message', (order: ScrapeOrder) => {
    clearInterval(timer);
    if (order === 'scrape') {
      void scrape();
      timer = setInterval(() => void scrape(), everyMs);
      return;
    }
    tell({ tookMs });
    tookMs = [];
  });
  await ours.scrape();
  tell({ tookMs: [] });
}

process.on('disconnect', () => process.exit());
void main();
