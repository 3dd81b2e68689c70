import type { ProgressListener } from '../../engine/migrate/results';
import type { RecountedFlow, RecountProgress } from '../../repositories';
import type { PruneProgress } from '../../repositories/retention.repository';
import { changesOf } from '../../statistics/meaning';
import type { PruneReport, RecountReport } from '../retention';
import { asCode, escaped, heading } from './markdown';
import { counted, grouped, headed, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** What a prune deleted, or would delete without --dry-run. */
export const pruneOutput: Output<PruneReport> = {
  text: (result, style) => {
    const mark = result.dry_run && result.deleted > 0 ? style.yellow : style.green;
    return textAbout(
      result,
      paragraph(pruneConclusion(result)).map(mark),
      ...result.kept.map((kept) => paragraph(stays(kept)).map(style.yellow)),
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
      : `rows of ${table} refer to them by the key ${key}`;
  return `${counted(executions, 'execution')} cannot be deleted: ${why}.`;
}

function pruneConclusion({ dry_run, deleted, flows }: PruneReport): string {
  const looked = `Looked at ${counted(flows, 'flow')}`;
  const executions = counted(deleted, 'execution');
  if (deleted === 0) return `${looked}: nothing to delete.`;
  if (!dry_run) return `${looked}, deleted ${executions}.`;
  return `${looked}: ${executions} to delete. Nothing was deleted: it was a dry run.`;
}

/** What a recount changed, or would change without --dry-run: the old and new values of each flow. */
export const recountOutput: Output<RecountReport> = {
  text: (result, style) => {
    const isOpen = result.dry_run && result.recounted.length > 0;
    const mark = isOpen ? style.yellow : style.green;
    return textAbout(
      result,
      ...result.recounted.map((flow) => [
        ...headed('Flow', ` ${flow.id}`, style.bold),
        ...changes(flow).flatMap((change) => labelled('- ', change)),
      ]),
      paragraph(recountConclusion(result)).map(mark),
    );
  },
  markdown: (result) => [
    ...heading(result, `recount: ${counted(result.recounted.length, 'flow')} ${doneIn(result)}`),
    `Looked at ${counted(result.flows, 'flow')}.`,
    '',
    ...result.recounted.map((flow) => `- ${asCode(flow.id)}: ${escaped(changes(flow).join(', '))}`),
  ],
};

const doneIn = ({ dry_run }: RecountReport): string => (dry_run ? 'to recount' : 'recounted');

/** `total_executions 3 → 2`, for each column that changed. */
const changes = (flow: RecountedFlow): string[] =>
  changesOf(flow).map(({ column, was, is }) => `${column} ${was} → ${is}`);

function recountConclusion(result: RecountReport): string {
  const { flows, recounted, dry_run } = result;
  const looked = `Looked at ${counted(flows, 'flow')}`;
  if (recounted.length === 0) return `${looked}: all agree with their executions.`;
  const end = dry_run ? ' Nothing was changed: it was a dry run.' : '';
  return `${looked}: ${counted(recounted.length, 'flow')} ${doneIn(result)}.${end}`;
}

/** The least time between two lines of progress, in milliseconds: a terminal rewrites its line, a log keeps each. */
const everyMs = { terminal: 200, log: 3_000 } as const;

/**
 * Reports progress in words, but not after every small transaction.
 *
 * @param nowMs a clock that only goes forward, in milliseconds
 */
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

/** Reports the progress of a prune in words. */
export const pruneProgress = (
  tell: ProgressListener,
  { isTerminal, dryRun, nowMs }: { isTerminal: boolean; dryRun: boolean; nowMs?: () => number },
): ((progress: PruneProgress) => void) =>
  toldSeldom(
    tell,
    isTerminal,
    ({ flows, totalFlows, deleted }) =>
      `pruning: ${grouped(flows)} of ${counted(totalFlows, 'flow')}, ${counted(deleted, 'execution')} ${dryRun ? 'to delete' : 'deleted'}`,
    nowMs,
  );

/** Reports the progress of a recount in words. */
export const recountProgress = (
  tell: ProgressListener,
  isTerminal: boolean,
): ((progress: RecountProgress) => void) =>
  toldSeldom(
    tell,
    isTerminal,
    ({ flows, totalFlows, wrong }) =>
      `recounting: ${grouped(flows)} of ${counted(totalFlows, 'flow')}, ${grouped(wrong)} wrong`,
  );
