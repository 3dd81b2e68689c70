import type { SchemaFit } from '../../engine/verify/check-schema';
import type { CheckResult, Evidence, VerifyReport, Verdict } from '../../engine/verify/report';
import { differencesMarkdown, differencesText, summaryOf } from './differences';
import { escaped, heading, remedyBlock, tableMarkdown } from './markdown';
import { markStatus, type Style } from './style';
import { tableText, type Table } from './table';
import { databaseName, headed, separated, type Output } from './words';
import { labelled, paragraph } from './wrap';

const meanings: Readonly<Record<Verdict, string>> = {
  ahead: 'the history names migrations that this version does not know',
  'never-ran': 'no migration has run in this database',
  'recorded-but-absent': 'the history says that it ran, but a table is missing',
  'present-but-unrecorded': 'a table is there, but the history is empty',
  'half-applied': 'only some of the migrations have run',
  drifted: 'every migration has run, but a check failed',
  unproven: 'no check failed, but not every check could run',
  proven: 'everything is there and behaves',
};

const rowsShown = 5;

const checksTable = ({ checks }: VerifyReport): Table => ({
  columns: [
    { title: 'Check', holds: 'code' },
    { title: 'Status', holds: 'status' },
    { title: 'Found', elastic: true },
  ],
  rows: checks.map((check) => [check.id, check.status, summaryOf(check)]),
});

/** The proof: the verdict, a line for each check, then the fix and the evidence of each check that needs them. */
export const verifyOutput: Output<VerifyReport> = {
  text: (report, style) => {
    const { ok, verdict, checks } = report;
    const open = verdict === 'proven' || verdict === 'unproven';
    const mark = ok ? style.green : open ? style.yellow : style.red;
    return separated([
      [
        ...headed(verdict.toUpperCase(), `: ${meaningOf(report)}`, (title) => style.bold(mark(title))),
        ...paragraph(databaseName(report)),
      ],
      tableText(checksTable(report), style),
      ...checks.filter(needsExplaining).map((check) => explanation(check, style)),
      strictText(report),
    ]);
  },
  markdown: (report) => [
    ...heading(report, `verify: ${report.verdict}`),
    ...tableMarkdown(checksTable(report)),
    ...report.checks.flatMap(({ id, remedy, differences = [] }) =>
      remedy === null
        ? []
        : [`**${id}**, fix:`, '', ...differencesMarkdown(differences), ...remedyBlock(remedy)],
    ),
  ],
};

/** The meaning of the verdict, in a sentence. Pure. */
export const meaningOf = (report: VerifyReport): string =>
  `${meanings[report.verdict]}${butDeferred(report)}`;

function butDeferred({ verdict, checks }: VerifyReport): string {
  const keys = checks.find(({ id }) => id === 'foreign-keys');
  return verdict === 'proven' && keys?.status === 'deferred' ? ', except for the deferred keys' : '';
}

function needsExplaining({ status, remedy, evidence }: CheckResult): boolean {
  return status === 'fail' ? remedy !== null || evidence.length > 0 : remedy !== null;
}

function explanation(
  { id, status, remedy, evidence, differences = [] }: CheckResult,
  style: Style,
): string[] {
  return [
    `${style.bold(id)} (${markStatus(status, style)})`,
    ...differencesText(differences, style, 2),
    ...(remedy === null ? [] : labelled('Fix: ', remedy)),
    ...(status === 'fail' ? evidence.flatMap((piece) => evidenceText(piece, style)) : []),
  ];
}

function evidenceText({ sql, rows }: Evidence, style: Style): string[] {
  const shown = rows.slice(0, rowsShown).flatMap((row) => labelled('', rowText(row), 6));
  const more = rows.length - rowsShown;
  return [
    style.dim(`  Seen with: ${sql.replaceAll(/\s+/g, ' ').trim()}`),
    ...(rows.length === 0 ? ['      no row'] : shown),
    ...(more > 0 ? [`      and ${more} more`] : []),
  ];
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(', ');
}

/** A value of a row as text. Pure. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function strictText({ ok, verdict, checks }: VerifyReport): string[] {
  if (ok || verdict !== 'proven') return [];
  const deferred = checks.filter(({ status }) => status === 'deferred').map(({ id }) => id);
  return paragraph(`Proven, but --strict allows no deferred key (${deferred.join(', ')}).`);
}

const briefly = ({ message: summary, differences }: SchemaFit): string => summaryOf({ summary, differences });

/** Whether this program fits the schema, and the fix if not. */
export const schemaFitOutput = (command: 'wait' | 'check'): Output<SchemaFit> => ({
  text: (fit, style) => [
    ...headed(fit.state.toUpperCase(), `: ${briefly(fit)}`, (title) =>
      style.bold(fit.ok ? style.green(title) : style.red(title)),
    ),
    ...paragraph(databaseName(fit)),
    ...differencesText(fit.differences, style, 2),
    ...(fit.remedy === null ? [] : labelled('Fix: ', fit.remedy, 0)),
  ],
  markdown: (fit) => [
    ...heading(fit, `${command}: ${fit.state}`),
    escaped(briefly(fit)),
    '',
    ...differencesMarkdown(fit.differences),
    ...(fit.remedy === null ? [] : remedyBlock(fit.remedy)),
  ],
});
