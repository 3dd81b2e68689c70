import { clock } from '../support/clock';
import type { ClaimMessage, ClaimOrder } from './claim-messages';
import type { Contestant } from './contestants/contestant';
import { Floor } from './contestants/floor';
import { Ours } from './contestants/ours';

/** A worker in a process of its own: it claims until no unclaimed flow is due. */

const tell = (message: ClaimMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const url = process.env.DATABASE_URL ?? '';
  const worker: Contestant = process.argv[2] === 'floor' ? new Floor(url) : await Ours.connect(url);

  async function claimAll({ limit }: ClaimOrder): Promise<void> {
    const flowIds: string[] = [];
    const from = clock();
    let to = from;
    for (;;) {
      const claimed = await worker.claimDue(limit);
      if (claimed.length === 0) break;
      // The last, empty answer does not count as a claim: it also plans
      to = clock();
      flowIds.push(...claimed);
    }
    tell({ is: 'done', flowIds, from, to });
  }

  // Opens the connections and reads the catalog before the measurement
  await worker.claimDue(1);
  process.on('message', (order: ClaimOrder) => void claimAll(order));
  tell({ is: 'ready' });
}

process.on('disconnect', () => process.exit());
void main();
