import type { CheckResult, Evidence, VerifyReport, Verdict } from '../../engine/verify/report';
import { differencesMarkdown, differencesText, summaryOf } from './differences';
import { escaped, heading, markdownTable, marked, remedyBlock } from './markdown';
import { markStatus, type Style } from './style';
import { table } from './table';
import { databaseName, headed, separated, type Output } from './words';
import { labelled } from './wrap';

const meanings: Readonly<Record<Verdict, string>> = {
  ahead: 'the history names migrations that this version does not know',
  'never-ran': 'no migration has run in this database',
  'recorded-but-absent': 'the history says that it ran, but a table is not there',
  'present-but-unrecorded': 'a table is there, but the history is empty',
  'half-applied': 'only a part of the migrations has run',
  drifted: 'everything ran, but the database is not as it should be',
  unproven: 'nothing is wrong as far as could be seen, but not everything could be checked',
  proven: 'everything is there and behaves',
};

const rowsShown = 5;

/** The proof: the verdict, every check on one line, then for each check that is not clean its evidence and the fix. */
export const verifyOutput: Output<VerifyReport> = {
  text: (report, style) => {
    const { ok, verdict, checks } = report;
    const open = verdict === 'proven' || verdict === 'unproven';
    const mark = ok ? style.green : open ? style.yellow : style.red;
    return separated([
      [
        ...headed(verdict.toUpperCase(), `: ${meaningOf(report)}`, (title) => style.bold(mark(title))),
        ...labelled('', databaseName(report), 0),
      ],
      table(
        [
          { title: 'CHECK' },
          { title: 'STATUS', mark: (text) => markStatus(text, style) },
          { title: 'FOUND', elastic: true },
        ],
        checks.map((check) => [check.id, check.status, summaryOf(check)]),
        style,
      ),
      ...checks.filter(needsExplaining).map((check) => explanation(check, style)),
      strictText(report),
    ]);
  },
  markdown: (report) => [
    ...heading(report, `verify: ${report.verdict}`),
    ...markdownTable(
      ['Check', 'Status', 'Found'],
      report.checks.map((check) => [`\`${check.id}\``, marked(check.status), escaped(summaryOf(check))]),
    ),
    ...report.checks.flatMap(({ id, remedy, differences = [] }) =>
      remedy === null
        ? []
        : [`**${id}**, fix:`, '', ...differencesMarkdown(differences), ...remedyBlock(remedy)],
    ),
  ],
};

/** What the verdict says, in a sentence. Pure. */
export const meaningOf = (report: VerifyReport): string =>
  `${meanings[report.verdict]}${butDeferred(report)}`;

/** What `proven` leaves open. */
function butDeferred({ verdict, checks }: VerifyReport): string {
  const keys = checks.find(({ id }) => id === 'foreign-keys');
  return verdict === 'proven' && keys?.status === 'deferred' ? ', but for the deferred keys' : '';
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

/** A value of a row. Pure. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function strictText({ ok, verdict, checks }: VerifyReport): string[] {
  if (ok || verdict !== 'proven') return [];
  const deferred = checks.filter(({ status }) => status === 'deferred').map(({ id }) => id);
  return labelled('', `Proven, but --strict allows no deferred key (${deferred.join(', ')}).`, 0);
}
