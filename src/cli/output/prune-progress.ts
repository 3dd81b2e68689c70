import type { ProgressListener } from '../../engine/migrate';
import type { PruneProgress } from '../../repositories/retention.repository';
import { grouped, groupedCount } from './counted';

/** On a terminal the line rewrites itself; in a log each one stays. */
const everyMs = { terminal: 200, log: 3_000 } as const;

/** How the progress of a prune is told. */
export interface PruneProgressOptions {
  readonly isTerminal: boolean;
  readonly dryRun: boolean;
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs?: () => number;
}

/** Tells where a prune is, in words, and not after each of its many small transactions. */
export function pruneProgress(
  tell: ProgressListener,
  { isTerminal, dryRun, nowMs = () => performance.now() }: PruneProgressOptions,
): (progress: PruneProgress) => void {
  const pauseMs = isTerminal ? everyMs.terminal : everyMs.log;
  let toldAtMs = -Infinity;
  return ({ flows, totalFlows, deleted }) => {
    const now = nowMs();
    if (now - toldAtMs < pauseMs) return;
    toldAtMs = now;
    const looked = `${grouped(flows)} of ${groupedCount(totalFlows, 'flow')}`;
    const found = `${groupedCount(deleted, 'execution')} ${dryRun ? 'to delete' : 'deleted'}`;
    tell({ migration: null, step: `pruning: ${looked}, ${found}` });
  };
}
