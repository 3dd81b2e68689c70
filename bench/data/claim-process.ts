import { clock } from '../support/clock';
import type { ClaimMessage, ClaimOrder } from './claim-messages';
import { Ours } from './contestants/ours';

/** A worker in a process of its own: it claims until nothing is due that nobody else has. */

const tell = (message: ClaimMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const worker = process.argv[2] ?? '';
  const { repositories } = await Ours.connect(process.env.DATABASE_URL ?? '');

  async function claimAll({ limit }: ClaimOrder): Promise<void> {
    const flowIds: string[] = [];
    const from = clock();
    let to = from;
    for (;;) {
      const { claimed } = await repositories.dueFlows.claimDue({ worker, limit });
      if (claimed.length === 0) break;
      // The last answer, which is empty, also plans: that is no claim
      to = clock();
      flowIds.push(...claimed.map(({ flow }) => flow.id));
    }
    tell({ is: 'done', flowIds, from, to });
  }

  // Connections and the catalog are there when it is measured
  await repositories.dueFlows.claimDue({ worker, limit: 1 });
  process.on('message', (order: ClaimOrder) => void claimAll(order));
  tell({ is: 'ready' });
}

process.on('disconnect', () => process.exit());
void main();
