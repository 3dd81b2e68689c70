import type { Connection } from 'mysql2/promise';
import type { Peer } from '../data/contestants/contestant';
import { firstIdleFlow, latestFlows } from '../data/data-set';
import { endClaimed, makeDue, newFlow } from '../data/operations';
import type { Turn } from '../data/turns';
import { flowCount, flowId } from '../support/rows';
import { peerNames, type PeerName } from './contestants';

/** An operation as each contestant does it. */
export interface PeerOperation {
  readonly name: string;
  /** At most so many times what the floor takes. */
  readonly goal: number;
  /** A bulk takes many times as long as a single one: a fourth of the rounds will do. */
  readonly bulk?: boolean;
  /** Null where the contestant does not have it. */
  readonly turn: (one: Peer, name: PeerName) => Turn | null;
}

/** So many flows are claimed at once. */
export const claimed = 50;

const anyFlow = (round: number): string => flowId((round * 7919) % flowCount);

/** An idle flow of each contestant's own in each round. */
function ownFlow(name: PeerName, round: number): string {
  const n = round * peerNames.length + peerNames.indexOf(name);
  return flowId(firstIdleFlow + (n % (flowCount - firstIdleFlow)));
}

const ownFlows = (name: PeerName, round: number): string[] =>
  Array.from({ length: claimed }, (_, n) => ownFlow(name, round * claimed + n));

/** The operations in the order in which they are measured; runs that are started are followed, then ended. */
export function peerOperations(session: Connection): readonly PeerOperation[] {
  const runs = new Map<string, string>();
  const run = (name: PeerName, round: number): string => runs.get(`${name} ${round}`) ?? '';
  return [
    {
      name: 'get with names',
      goal: 1.15,
      turn: (one) => ({ run: (round) => one.get(anyFlow(round)) }),
    },
    { name: 'list 50 with names', goal: 1.15, turn: (one) => ({ run: () => one.list(50) }) },
    {
      name: 'history 10',
      goal: 1.07,
      turn: (one) => ({ run: (round) => one.history(anyFlow(round), 10) }),
    },
    {
      name: 'latest of 500',
      goal: 0.13,
      bulk: true,
      turn: (one) => (one.latest === undefined ? null : { run: async () => one.latest?.(latestFlows) }),
    },
    {
      name: 'start',
      goal: 1.5,
      turn: (one, name) => ({
        run: async (round) => runs.set(`${name} ${round}`, await one.start(ownFlow(name, round))),
      }),
    },
    {
      name: 'progress',
      goal: 1.1,
      turn: (one, name) => ({
        run: (round) => one.progress(run(name, round), { jobs: 3, bytes: 4096 * (round + 1) }),
      }),
    },
    {
      name: 'finish',
      goal: 0.75,
      turn: (one, name) => ({
        run: (round) => one.finish(run(name, round), { jobs: 5, bytes: 8192 * (round + 1) }),
      }),
    },
    {
      name: 'create',
      goal: 1.7,
      turn: (one, name) => ({
        run: (round) => one.create(newFlow(`Created by ${name} in round ${round}`, round)),
      }),
    },
    {
      name: `claim ${claimed}`,
      goal: 1.6,
      bulk: true,
      turn: (one, name) => ({
        prepare: (round) => makeDue(session, ownFlows(name, round)),
        run: async (round) => {
          const ids = await one.claimDue(claimed);
          if (ids.length !== claimed)
            throw new Error(`${name} claimed ${ids.length} flows in round ${round}`);
        },
        after: () => endClaimed(session),
      }),
    },
  ];
}
