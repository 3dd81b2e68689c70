import type { Connection } from 'mysql2/promise';
import type { Contestant } from './contestants/contestant';
import { runningJob } from './data-set';
import { anyFlow, sharedTurns } from './shared-turns';
import type { Turn } from './turns';

/** The contestants; `tx` is plain TypeORM that saves a run and its flow in one transaction. */
export type ContestantName = 'ours' | 'floor' | 'typeorm' | 'tx';

/** The goals of an operation, as ratios of medians. */
export interface Goals {
  /** This package's, at most so many times the floor's. */
  readonly ofFloor?: number;
  /** Plain TypeORM's, at least so many times this package's. */
  readonly ofTypeOrm?: number;
}

/** An operation of each contestant. */
export interface Operation {
  readonly name: string;
  readonly goals: Goals;
  readonly kind: 'read' | 'write' | 'bulk';
  /** Whether one transaction makes a difference to plain TypeORM. */
  readonly severalSaves?: boolean;
  readonly turn: (contestant: Contestant, name: ContestantName) => Turn;
}

const pageSize = 50;
/** How many flows a claim takes: the default of claimDue. */
export const claimSize = 20;
const names: readonly ContestantName[] = ['ours', 'floor', 'typeorm', 'tx'];
const write: Goals = { ofTypeOrm: 2 };

/** The hot operations in the order of measurement; later ones follow and end the runs that earlier ones start. */
export function hotOperations(session: Connection): readonly Operation[] {
  const shared = sharedTurns(session, names, claimSize);
  const { ownFlow } = shared;
  return [
    {
      name: 'get a flow with its names',
      kind: 'read',
      goals: { ofFloor: 1.3 },
      turn: (one) => ({ run: (round) => one.get(anyFlow(round)) }),
    },
    {
      name: `list: first page of ${pageSize} with names`,
      kind: 'read',
      goals: { ofFloor: 1.3 },
      turn: (one) => ({ run: () => one.list(pageSize) }),
    },
    {
      name: `history: first page of ${pageSize}`,
      kind: 'read',
      goals: {},
      turn: (one) => ({ run: (round) => one.history(anyFlow(round), pageSize) }),
    },
    {
      name: 'findRunningByJob, 200 run',
      kind: 'read',
      goals: {},
      turn: (one) => ({ run: (round) => one.findRunningByJob(runningJob(round)) }),
    },
    {
      name: 'start',
      kind: 'write',
      goals: { ofFloor: 1.2, ofTypeOrm: 2 },
      severalSaves: true,
      turn: shared.start,
    },
    {
      name: 'progress',
      kind: 'write',
      goals: write,
      turn: shared.progress,
    },
    {
      name: 'finish',
      kind: 'write',
      goals: { ofFloor: 1.2, ofTypeOrm: 2 },
      severalSaves: true,
      turn: shared.finish,
    },
    {
      name: 'disable',
      kind: 'write',
      goals: write,
      turn: (one, name) => ({ run: (round) => one.setEnabled(ownFlow(name, round), false) }),
    },
    {
      name: 'enable',
      kind: 'write',
      goals: write,
      turn: (one, name) => ({ run: (round) => one.setEnabled(ownFlow(name, round), true) }),
    },
    {
      name: 'create a flow',
      kind: 'write',
      goals: write,
      turn: shared.create,
    },
    {
      name: `claimDue: ${claimSize} flows`,
      kind: 'bulk',
      goals: write,
      turn: shared.claim,
    },
  ];
}
