import type { Connection } from 'mysql2/promise';
import type { NewFlow } from '../../src';
import { flowCount, flowId } from '../support/rows';
import type { Peer } from './contestants/contestant';
import { firstIdleFlow, scheduleId } from './data-set';
import type { Turn } from './turns';

/** Makes flows due regardless of their schedules. */
export async function makeDue(session: Connection, ids: readonly string[]): Promise<void> {
  await session.query(
    'UPDATE protection_flows SET next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE WHERE id IN (?)',
    [ids],
  );
}

/** Ends the runs that claims began, to free their flows. */
export async function endClaimed(session: Connection): Promise<void> {
  await session.query(
    `UPDATE protection_flow_executions SET status = 'success' WHERE status = 'running' AND triggered_by = 'bench'`,
  );
}

/** A backup flow with every possible reference. */
export const newFlow = (name: string, n: number): NewFlow => ({
  name,
  flow_type: 'backup',
  target_type: 'vm',
  target_id: 'ctx-web-7',
  repository_id: 'repo-1',
  policy_id: 'policy-1',
  schedule_id: scheduleId(n),
});

export const anyFlow = (round: number): string => flowId((round * 7919) % flowCount);

/**
 * What contestants do with flows, the same in every benchmark: they start runs, follow them, then end them.
 *
 * @param names the contestants; each has idle flows of its own in each round
 * @param claimSize how many flows a claim takes
 */
export function sharedTurns<Name extends string>(
  session: Connection,
  names: readonly Name[],
  claimSize: number,
) {
  const runs = new Map<string, string>();
  const run = (name: Name, round: number): string => runs.get(`${name} ${round}`) ?? '';
  const ownFlow = (name: Name, round: number): string => {
    const n = round * names.length + names.indexOf(name);
    return flowId(firstIdleFlow + (n % (flowCount - firstIdleFlow)));
  };
  const ownFlows = (name: Name, round: number): string[] =>
    Array.from({ length: claimSize }, (_, n) => ownFlow(name, round * claimSize + n));
  return {
    ownFlow,
    start: (one: Peer, name: Name): Turn => ({
      run: async (round) => runs.set(`${name} ${round}`, await one.start(ownFlow(name, round))),
    }),
    progress: (one: Peer, name: Name): Turn => ({
      run: (round) => one.progress(run(name, round), { jobs: 3, bytes: 4096 * (round + 1) }),
    }),
    finish: (one: Peer, name: Name): Turn => ({
      run: (round) => one.finish(run(name, round), { jobs: 5, bytes: 8192 * (round + 1) }),
    }),
    create: (one: Peer, name: Name): Turn => ({
      run: (round) => one.create(newFlow(`Created by ${name} in round ${round}`, round)),
    }),
    claim: (one: Peer, name: Name): Turn => ({
      prepare: (round) => makeDue(session, ownFlows(name, round)),
      run: async (round) => {
        const claimed = await one.claimDue(claimSize);
        if (claimed.length !== claimSize)
          throw new Error(`${name} claimed ${claimed.length} flows in round ${round}`);
      },
      after: () => endClaimed(session),
    }),
  };
}
