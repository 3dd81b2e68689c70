import type { Finding } from '../../engine/preflight/finding';
import { describeDifference, type Difference } from '../../engine/schema/compare';
import type { CheckResult } from '../../engine/verify/report';
import { counted } from './counted';
import type { Style } from './style';
import { table } from './table';
import { labelled, narrowed } from './wrap';

/** More than these are only counted: adopt lists them all. */
const shown = 10;

const objectOf = ({ object, table: of, name, property }: Difference): string => {
  const what = object === 'table' ? of : `${of}.${name}`;
  return `${object.replace('-', ' ')} ${what}${property === 'presence' ? '' : `: ${property}`}`;
};

/** The head and the rows of a table of differences, and how many are left out. Pure. */
export function differenceRows(differences: readonly Difference[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly more: number;
} {
  return {
    head: ['OBJECT', 'EXPECTED', 'FOUND'],
    rows: differences
      .slice(0, shown)
      .map((one) => [objectOf(one), one.expected ?? 'not declared', one.actual ?? 'missing']),
    more: Math.max(0, differences.length - shown),
  };
}

/** What is said of the differences that are left out. */
export const andMore = (more: number): string => `and ${more} more: protection-flows adopt lists them all`;

/** Differences as a table, the first ten; one alone is told by its sentence, so none. */
export function differencesText(differences: readonly Difference[], style: Style, indent: number): string[] {
  if (differences.length < 2) return [];
  const { head, rows, more } = differenceRows(differences);
  const lines = narrowed(indent, () =>
    table(
      head.map((title, index) => ({ title, elastic: index === 0 })),
      rows,
      style,
    ),
  );
  return [
    ...lines.map((line) => `${' '.repeat(indent)}${line}`.trimEnd()),
    ...(more > 0 ? labelled('', andMore(more), indent) : []),
  ];
}

/** A check's summary without the differences that stand in a table beside it. */
export const summaryOf = ({ summary, differences = [] }: CheckResult): string =>
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
