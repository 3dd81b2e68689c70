import type { Connection } from 'mysql2/promise';
import type { Peer } from '../data/contestants/contestant';
import { latestFlows } from '../data/data-set';
import { anyFlow, sharedTurns } from '../data/shared-turns';
import type { Turn } from '../data/turns';
import { peerNames, type PeerName } from './contestants';

/** An operation of each contestant. */
export interface PeerOperation {
  readonly name: string;
  /** The goal: at most so many times the floor. */
  readonly goal: number;
  /** A bulk takes many times as long as a single operation, so a fourth of the rounds is enough. */
  readonly bulk?: boolean;
  /** Null if the contestant lacks the operation. */
  readonly turn: (one: Peer, name: PeerName) => Turn | null;
}

/** How many flows a claim takes. */
export const claimed = 50;

/** The operations in the order of measurement; later ones follow and end the runs that earlier ones start. */
export function peerOperations(session: Connection): readonly PeerOperation[] {
  const shared = sharedTurns(session, peerNames, claimed);
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
      turn: shared.start,
    },
    {
      name: 'progress',
      goal: 1.1,
      turn: shared.progress,
    },
    {
      name: 'finish',
      goal: 0.75,
      turn: shared.finish,
    },
    {
      name: 'create',
      goal: 1.7,
      turn: shared.create,
    },
    {
      name: `claim ${claimed}`,
      goal: 1.6,
      bulk: true,
      turn: shared.claim,
    },
  ];
}
