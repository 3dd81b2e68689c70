import type { ProgressListener } from '../../engine/migrate/results';
import type { PruneProgress } from '../../repositories/retention.repository';
import type { PruneReport } from '../prune-executions';
import { heading } from './markdown';
import { counted, grouped, textAbout, type Output } from './words';
import { labelled } from './wrap';

/** What a prune did, or with --dry-run would have done. */
export const pruneOutput: Output<PruneReport> = {
  text: (result, style) => {
    const mark = result.dry_run && result.deleted > 0 ? style.yellow : style.green;
    return textAbout(
      result,
      labelled('', conclusion(result), 0).map(mark),
      ...result.kept.map((kept) => labelled('', stays(kept), 0).map(style.yellow)),
    );
  },
  markdown: (result) => {
    const done = result.dry_run ? 'to delete' : 'deleted';
    return [
      ...heading(result, `prune: ${counted(result.deleted, 'execution')} ${done}`),
      `Looked at ${counted(result.flows, 'flow')}.`,
      '',
    ];
  },
};

function stays({ executions, key, table }: PruneReport['kept'][number]): string {
  const why =
    table === null
      ? 'rows of a table that this user may not see refer to them'
      : `rows of ${table} refer to them by the key ${key}, which does not let them go`;
  return `${counted(executions, 'execution')} old enough ${executions === 1 ? 'stays' : 'stay'}: ${why}.`;
}

function conclusion({ dry_run, deleted, flows }: PruneReport): string {
  const looked = `Looked at ${counted(flows, 'flow')}`;
  const executions = counted(deleted, 'execution');
  if (deleted === 0) return `${looked}: nothing to delete.`;
  if (!dry_run) return `${looked}, deleted ${executions}.`;
  return `${looked}: ${executions} to delete. Nothing was deleted: it was a dry run.`;
}

/** How often progress is told, in milliseconds: on a terminal the line rewrites itself, in a log each one stays. */
const everyMs = { terminal: 200, log: 3_000 } as const;

/** How the progress of a prune is told. */
export interface PruneProgressOptions {
  readonly isTerminal: boolean;
  readonly dryRun: boolean;
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs?: () => number;
}

/** Tells progress in words, and not after each of many small transactions. */
export function toldSeldom<Progress>(
  tell: ProgressListener,
  isTerminal: boolean,
  inWords: (progress: Progress) => string,
  nowMs: () => number = () => performance.now(),
): (progress: Progress) => void {
  const pauseMs = isTerminal ? everyMs.terminal : everyMs.log;
  let toldAtMs = -Infinity;
  return (progress) => {
    const now = nowMs();
    if (now - toldAtMs < pauseMs) return;
    toldAtMs = now;
    tell({ migration: null, step: inWords(progress) });
  };
}

/** Tells where a prune is, in words. */
export function pruneProgress(
  tell: ProgressListener,
  { isTerminal, dryRun, nowMs }: PruneProgressOptions,
): (progress: PruneProgress) => void {
  const inWords = ({ flows, totalFlows, deleted }: PruneProgress): string => {
    const looked = `${grouped(flows)} of ${counted(totalFlows, 'flow')}`;
    return `pruning: ${looked}, ${counted(deleted, 'execution')} ${dryRun ? 'to delete' : 'deleted'}`;
  };
  return toldSeldom(tell, isTerminal, inWords, nowMs);
}
