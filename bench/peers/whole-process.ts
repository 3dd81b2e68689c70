import type { Peer, PeerModule } from '../data/contestants/contestant';
import { flowCount, flowId } from '../support/rows';

/** The work of a measured process after it has loaded its code and connected. */
export type Errand = 'load' | 'cold-start' | 'operations';

const operations = 1_000;

/** The part of a contestant that it uses. */
export type Reader = Pick<Peer, 'get' | 'list' | 'history'>;

async function operate(one: Reader): Promise<void> {
  for (let n = 0; n < operations; n += 1) {
    const id = flowId((n * 7919) % flowCount);
    if (n % 10 === 0) await one.list(50);
    else if (n % 2 === 0) await one.history(id, 10);
    else await one.get(id);
  }
}

/** Runs the errand named on the command line, on the database of DATABASE_URL, and ends the process. */
export async function runErrand(connect: (...given: Parameters<PeerModule['connect']>) => Promise<Reader>) {
  const flavour = process.env.BENCH_FLAVOUR === 'mysql' ? 'mysql' : 'mariadb';
  const one = await connect(process.env.DATABASE_URL ?? '', flavour);
  const errand = process.argv[2] as Errand;
  if (errand === 'cold-start') await one.get(flowId(1));
  if (errand === 'operations') await operate(one);
  // The system closes the connections: the measured work is done
  process.exit();
}
