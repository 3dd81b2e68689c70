import type { AuditedRuns } from '../../repositories';
import type { AuditReport } from '../audit-flows';
import { asCode, escaped, heading } from './markdown';
import type { Style } from './style';
import { counted, grouped, headed, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** An audit: the runs of each flow that were not on time, then the number of runs of each kind. */
export const auditOutput: Output<AuditReport> = {
  text: (report, style) =>
    textAbout(
      report,
      ...conspicuous(report).map(({ id, name, lines }) => [
        ...headed(name, ` ${id}`, style.bold),
        ...lines.flatMap(({ finding, text }) => labelled('- ', text).map(markOf(style, finding))),
      ]),
      paragraph(conclusion(report)).map(report.ok ? style.green : style.red),
    ),
  markdown: (report) => [
    ...heading(report, `audit: ${counted(report.totals.missed, 'run')} missed`),
    escaped(conclusion(report)),
    '',
    ...conspicuous(report).flatMap(({ id, name, lines }) => [
      `- ${escaped(name)} ${asCode(id)}`,
      ...lines.map(({ text }) => `  - ${escaped(text)}`),
    ]),
  ],
};

const markOf = (style: Style, finding: AuditedRuns['finding']): ((line: string) => string) =>
  finding === 'missed' ? style.red : style.yellow;

/** The flows that have runs which were not on time. */
const conspicuous = ({ flows }: AuditReport) =>
  flows.flatMap(({ id, name, runs }) => {
    const lines = runs.filter(({ finding }) => finding !== 'on-time');
    return lines.length === 0
      ? []
      : [{ id, name, lines: lines.map((one) => ({ finding: one.finding, text: inWords(one) })) }];
  });

/** `missed: 3 runs, 2026-11-20T02:00:00.000Z to 2026-11-20T04:00:00.000Z (no-trace)`. */
function inWords({ finding, reason, runs, firstDueAt, lastDueAt, lateSeconds }: AuditedRuns): string {
  const [first, last] = [firstDueAt.toISOString(), lastDueAt.toISOString()];
  const when = first === last ? first : `${first} to ${last}`;
  const late = lateSeconds === null ? '' : `, by ${grouped(lateSeconds)} s`;
  const why = reason === null ? '' : ` (${reason})`;
  return `${finding}: ${finding === 'unknown' ? '' : `${counted(runs, 'run')}, `}${when}${late}${why}`;
}

function conclusion({ since, until, totals, flows }: AuditReport): string {
  const { unknown, ...known } = totals;
  const all = Object.values(known).reduce((sum, one) => sum + one, 0);
  const kinds = Object.entries(known).map(([finding, count]) => `${grouped(count)} ${finding}`);
  const open = unknown === 0 ? '' : ` Unknown: ${counted(unknown, 'span')} of time.`;
  return `${counted(all, 'run')} of ${counted(flows.length, 'flow')}, ${since.toISOString()} to ${until.toISOString()}: ${kinds.join(', ')}.${open}`;
}
