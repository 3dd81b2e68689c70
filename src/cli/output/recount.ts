import type { ProgressListener } from '../../engine/migrate/results';
import type { RecountedFlow, RecountProgress } from '../../repositories';
import type { RecountReport } from '../recount-flows';
import { changesOf } from '../../statistics/recount';
import { escaped, heading } from './markdown';
import { toldSeldom } from './prune';
import { counted, grouped, headed, textAbout, type Output } from './words';
import { labelled } from './wrap';

/** What a recount changed, or with --dry-run would have changed: each flow, from what to what. */
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
      labelled('', conclusion(result), 0).map(mark),
    );
  },
  markdown: (result) => [
    ...heading(result, `recount: ${counted(result.recounted.length, 'flow')} ${doneIn(result)}`),
    `Looked at ${counted(result.flows, 'flow')}.`,
    '',
    ...result.recounted.map((flow) => `- \`${escaped(flow.id)}\`: ${escaped(changes(flow).join(', '))}`),
  ],
};

const doneIn = ({ dry_run }: RecountReport): string => (dry_run ? 'to recount' : 'recounted');

/** `total_executions 3 → 2`, for each column that changed. */
const changes = (flow: RecountedFlow): string[] =>
  changesOf(flow).map(({ column, was, is }) => `${column} ${was} → ${is}`);

function conclusion(result: RecountReport): string {
  const { flows, recounted, dry_run } = result;
  const looked = `Looked at ${counted(flows, 'flow')}`;
  if (recounted.length === 0) return `${looked}: all agree with their executions.`;
  const end = dry_run ? ' Nothing was changed: it was a dry run.' : '';
  return `${looked}: ${counted(recounted.length, 'flow')} ${doneIn(result)}.${end}`;
}

/** Tells where a recount is, in words. */
export function recountProgress(
  tell: ProgressListener,
  isTerminal: boolean,
): (progress: RecountProgress) => void {
  return toldSeldom(
    tell,
    isTerminal,
    ({ flows, totalFlows, wrong }: RecountProgress) =>
      `recounting: ${grouped(flows)} of ${counted(totalFlows, 'flow')}, ${grouped(wrong)} wrong`,
  );
}
