import type { Finding } from '../../engine/preflight/finding';
import { describeDifference, type Difference } from '../../engine/schema/compare';
import type { CheckResult } from '../../engine/verify/report';
import { escaped, markdownTable } from './markdown';
import type { Style } from './style';
import { table } from './table';
import { counted } from './words';
import { labelled, narrowed } from './wrap';

/** More than these are only counted: adopt lists them all. */
const shown = 10;

const objectOf = ({ object, table: of, name, property }: Difference): string => {
  const what = object === 'table' ? of : `${of}.${name}`;
  return `${object.replace('-', ' ')} ${what}${property === 'presence' ? '' : `: ${property}`}`;
};

/** The rows of a table of the first ten differences; none where there is one difference alone, which its sentence tells. */
const rowsOf = (differences: readonly Difference[]): string[][] =>
  differences.length < 2
    ? []
    : differences
        .slice(0, shown)
        .map((one) => [objectOf(one), one.expected ?? 'not declared', one.actual ?? 'missing']);

const andMore = ({ length }: readonly Difference[]): string | null =>
  length > shown ? `and ${length - shown} more: protection-flows adopt lists them all` : null;

/** Several differences as a table, the first ten. */
export function differencesText(differences: readonly Difference[], style: Style, indent: number): string[] {
  const columns = [{ title: 'OBJECT', elastic: true }, { title: 'EXPECTED' }, { title: 'FOUND' }];
  const lines = narrowed(indent, () => table(columns, rowsOf(differences), style));
  const more = andMore(differences);
  return [
    ...lines.map((line) => `${' '.repeat(indent)}${line}`.trimEnd()),
    ...(more === null ? [] : labelled('', more, indent)),
  ];
}

/** The same in Markdown. */
export function differencesMarkdown(differences: readonly Difference[]): string[] {
  const rows = rowsOf(differences).map((cells) => cells.map(escaped));
  const more = andMore(differences);
  return [...markdownTable(['Object', 'Expected', 'Found'], rows), ...(more === null ? [] : [more, ''])];
}

/** A check's summary without the differences that stand in a table beside it. */
export const summaryOf = ({
  summary,
  differences = [],
}: Pick<CheckResult, 'summary' | 'differences'>): string =>
  differences.length < 2 ? summary : counted(differences.length, 'difference');

/** What a finding says of differences between an object and its declaration. */
export const differencesOf = ({ details }: Pick<Finding, 'details'>): readonly Difference[] =>
  Array.isArray(details.differences) ? (details.differences as Difference[]) : [];

/** A finding's message without the differences that stand in a table beside it. */
export function messageOf(finding: Finding): string {
  const differences = differencesOf(finding);
  const [first] = differences;
  if (first === undefined || differences.length < 2) return finding.message;
  const [head = ''] = finding.message.split(`: ${describeDifference(first)}`);
  return `${head}: ${counted(differences.length, 'difference')}`;
}
