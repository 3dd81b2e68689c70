import type { Finding } from '../../engine/preflight/finding';
import { describeDifference, type Difference } from '../../engine/schema/compare';
import type { CheckResult } from '../../engine/verify/report';
import { tableMarkdown } from './markdown';
import type { Style } from './style';
import { tableText, type Table } from './table';
import { counted } from './words';
import { labelled, narrowed } from './wrap';

/** How many differences are listed; the others are only counted, and adopt lists them all. */
const shown = 10;

/** `foreign key protection_flows.fk_flows_policy`. */
export const objectOf = ({ object, table, name }: Difference): string =>
  `${object.replace('-', ' ')} ${object === 'table' ? table : `${table}.${name}`}`;

/** The expected and the found value. */
export const valuesOf = ({ expected, actual }: Difference): [string, string] => [
  expected ?? 'not declared',
  actual ?? 'missing',
];

/** The first ten differences; no row for a single difference, which the sentence above tells. */
const tableOf = (differences: readonly Difference[]): Table => ({
  columns: [{ title: 'Object', elastic: true }, { title: 'Expected' }, { title: 'Found' }],
  rows:
    differences.length < 2
      ? []
      : differences
          .slice(0, shown)
          .map((one) => [
            `${objectOf(one)}${one.property === 'presence' ? '' : `: ${one.property}`}`,
            ...valuesOf(one),
          ]),
});

const andMore = ({ length }: readonly Difference[]): string[] =>
  length > shown ? [`and ${length - shown} more: protection-flows adopt lists them all`] : [];

/** Several differences as a table, the first ten. */
export const differencesText = (
  differences: readonly Difference[],
  style: Style,
  indent: number,
): string[] => [
  ...narrowed(indent, () => tableText(tableOf(differences), style)).map(
    (line) => `${' '.repeat(indent)}${line}`,
  ),
  ...andMore(differences).flatMap((more) => labelled('', more, indent)),
];

/** The same in Markdown. */
export const differencesMarkdown = (differences: readonly Difference[]): string[] => [
  ...tableMarkdown(tableOf(differences)),
  ...andMore(differences).flatMap((more) => [more, '']),
];

/** A check's summary; the number of differences if there are several, as a table lists them. */
export const summaryOf = ({
  summary,
  differences = [],
}: Pick<CheckResult, 'summary' | 'differences'>): string =>
  differences.length < 2 ? summary : counted(differences.length, 'difference');

/** The differences between an object and its declaration that a finding names. */
export const differencesOf = ({ details }: Pick<Finding, 'details'>): readonly Difference[] =>
  Array.isArray(details.differences) ? (details.differences as Difference[]) : [];

/** A finding's message; of several differences only their number, as a table lists them. */
export function messageOf(finding: Finding): string {
  const differences = differencesOf(finding);
  const [first] = differences;
  if (first === undefined || differences.length < 2) return finding.message;
  const [head = ''] = finding.message.split(`: ${describeDifference(first)}`);
  return `${head}: ${counted(differences.length, 'difference')}`;
}
