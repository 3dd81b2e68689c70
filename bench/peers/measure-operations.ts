import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Peer } from '../data/contestants/contestant';
import { inTurns, type Turn } from '../data/turns';
import type { BenchDatabase } from '../support/bench-database';
import type { Spread } from '../support/statistics';
import { connectPeer, peerNames, type PeerName } from './contestants';
import { peerOperations } from './operations';
import { assertSameWork } from './same-work';

/** The milliseconds of each contestant that has the operation. */
export interface PeerResult {
  readonly name: string;
  readonly goal: number;
  readonly times: Readonly<Partial<Record<PeerName, Spread>>>;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (how: { type: 'minor' }) => void;

/** The same turn, after a collection of the garbage that the contestant before left. */
const tidied = ({ prepare, ...turn }: Turn): Turn => ({
  ...turn,
  prepare: async (round) => {
    await prepare?.(round);
    collect({ type: 'minor' });
  },
});

/** Measures all operations, after checking that all contestants answer and write the same as the floor. */
export async function measurePeers(
  { url, flavour, session }: BenchDatabase,
  rounds: number,
): Promise<PeerResult[]> {
  const contestants = new Map<PeerName, Peer>();
  try {
    for (const name of peerNames) contestants.set(name, await connectPeer(name, url, flavour));
    await assertSameWork(Object.fromEntries(contestants), session);
    const results: PeerResult[] = [];
    for (const { name, goal, bulk, turn } of peerOperations(session)) {
      const turns = [...contestants].flatMap(([who, one]): [PeerName, Turn][] => {
        const own = turn(one, who);
        return own === null ? [] : [[who, tidied(own)]];
      });
      const measured = bulk ? Math.ceil(rounds / 4) : rounds;
      const how = { measured, warmUp: bulk ? 3 : measured };
      results.push({ name, goal, times: await inTurns(Object.fromEntries(turns), how) });
    }
    return results;
  } finally {
    for (const one of contestants.values()) await one.release();
  }
}
