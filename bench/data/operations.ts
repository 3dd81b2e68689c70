import type { Connection } from 'mysql2/promise';
import type { NewFlow } from '../../src';
import { flowCount, flowId } from '../support/rows';
import type { Contestant } from './contestants/contestant';
import { firstIdleFlow, runningJob, scheduleId } from './data-set';
import type { Turn } from './turns';

/** Whose operations are measured: `tx` is plain TypeORM with what belongs together in one transaction. */
export type ContestantName = 'ours' | 'floor' | 'typeorm' | 'tx';

/** What one operation has to be, in times of another's median. */
export interface Goals {
  /** At most so many times the floor's. */
  readonly ofFloor?: number;
  /** Plain TypeORM's is at least so many times ours. */
  readonly ofTypeOrm?: number;
}

/** An operation as each contestant does it. */
export interface Operation {
  readonly name: string;
  readonly goals: Goals;
  readonly kind: 'read' | 'write' | 'bulk';
  /** Whether one transaction makes a difference to plain TypeORM. */
  readonly severalSaves?: boolean;
  readonly turn: (contestant: Contestant, name: ContestantName) => Turn;
}

const pageSize = 50;
/** So many flows are claimed at once: the default of claimDue. */
export const claimSize = 20;
const names: readonly ContestantName[] = ['ours', 'floor', 'typeorm', 'tx'];
const write: Goals = { ofTypeOrm: 2 };

/** An idle flow of each contestant's own in each round. */
function ownFlow(name: ContestantName, round: number): string {
  const n = round * names.length + names.indexOf(name);
  return flowId(firstIdleFlow + (n % (flowCount - firstIdleFlow)));
}

const ownFlows = (name: ContestantName, round: number): string[] =>
  Array.from({ length: claimSize }, (_, n) => ownFlow(name, round * claimSize + n));

const anyFlow = (round: number): string => flowId((round * 7919) % flowCount);

/** Makes flows due, whatever their schedules say. */
export async function makeDue(session: Connection, ids: readonly string[]): Promise<void> {
  await session.query(
    'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE WHERE id IN (?)',
    [ids],
  );
}

/** Ends the runs that were begun by claims, so that their flows are free again. */
export async function endClaimed(session: Connection): Promise<void> {
  await session.query(
    `UPDATE protection_flow_executions SET status = 'success' WHERE status = 'running' AND triggered_by = 'bench'`,
  );
}

/** A backup flow with everything that a flow can refer to. */
export const newFlow = (name: string, n: number): NewFlow => ({
  name,
  flow_type: 'backup',
  target_type: 'vm',
  target_id: 'ctx-web-7',
  repository_id: 'repo-1',
  policy_id: 'policy-1',
  schedule_id: scheduleId(n),
});

/** The hot operations in the order in which they are measured; runs that are started are followed, then ended. */
export function hotOperations(session: Connection): readonly Operation[] {
  const runs = new Map<string, string>();
  const run = (name: ContestantName, round: number): string => runs.get(`${name} ${round}`) ?? '';
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
      turn: (one, name) => ({
        run: async (round) => runs.set(`${name} ${round}`, await one.start(ownFlow(name, round))),
      }),
    },
    {
      name: 'progress',
      kind: 'write',
      goals: write,
      turn: (one, name) => ({
        run: (round) => one.progress(run(name, round), { jobs: 3, bytes: 4096 * (round + 1) }),
      }),
    },
    {
      name: 'finish',
      kind: 'write',
      goals: { ofFloor: 1.2, ofTypeOrm: 2 },
      severalSaves: true,
      turn: (one, name) => ({
        run: (round) => one.finish(run(name, round), { jobs: 5, bytes: 8192 * (round + 1) }),
      }),
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
      turn: (one, name) => ({
        run: (round) => one.create(newFlow(`Created by ${name} in round ${round}`, round)),
      }),
    },
    {
      name: `claimDue: ${claimSize} flows`,
      kind: 'bulk',
      goals: write,
      turn: (one, name) => ({
        prepare: (round) => makeDue(session, ownFlows(name, round)),
        run: async (round) => {
          const claimed = await one.claimDue(claimSize);
          if (claimed.length !== claimSize)
            throw new Error(`${name} claimed ${claimed.length} flows in round ${round}`);
        },
        after: () => endClaimed(session),
      }),
    },
  ];
}
