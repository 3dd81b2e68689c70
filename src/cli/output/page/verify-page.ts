import type { StatusResult } from '../../../engine/migrate/results';
import type { CheckResult, Evidence, VerifyReport } from '../../../engine/verify/report';
import { summaryOf } from '../differences';
import { meaningOf, valueText } from '../verify';
import type { DrawnKey } from './drawing';
import { markup, table, type Markup } from './html';
import { marked, page, section } from './page';
import { historySection, keysSection } from './status-page';

const rowsShown = 100;

const rowsTable = (rows: Evidence['rows']): Markup => {
  const [first] = rows;
  if (first === undefined) return markup`<p class="quiet">no row</p>`;
  const names = Object.keys(first);
  const more = rows.length - rowsShown;
  const caption = `${rows.length === 1 ? '1 row' : `${rows.length} rows`}${more > 0 ? `, the first ${rowsShown}` : ''}`;
  return table(
    caption,
    names,
    rows.slice(0, rowsShown).map((row) => names.map((name) => valueText(row[name]))),
  );
};

const differencesTable = ({ differences = [] }: CheckResult): Markup | null =>
  differences.length === 0
    ? null
    : table(
        'Differences',
        ['Object', 'Property', 'Expected', 'Found'],
        differences.map(({ object, table: of, name, property, expected, actual }) => [
          `${object.replace('-', ' ')} ${object === 'table' ? of : `${of}.${name}`}`,
          property,
          expected ?? 'not declared',
          actual ?? 'missing',
        ]),
      );

const code = (text: string): Markup => markup`<pre tabindex="0">${text}</pre>\n`;

const seen = ({ sql, rows }: Evidence): Markup => markup`<p class="quiet">Seen with:</p>
${code(sql)}${rowsTable(rows)}`;

/** A check with what it saw; open where something is to be done. */
function checkDetails(check: CheckResult): Markup {
  const { id, status, remedy, evidence } = check;
  const open = status === 'fail' ? markup` open` : null;
  const isBare = evidence.length === 0 && remedy === null;
  return markup`<details${open}>
<summary>${marked(status)} <b>${id}</b>: ${summaryOf(check)}</summary>
${differencesTable(check)}${remedy === null ? null : [markup`<p>Fix:</p>\n`, code(remedy)]}${evidence.map(seen)}${isBare ? markup`<p class="quiet">It has nothing more to show.</p>` : null}</details>
`;
}

/** The keys as the report saw them: one that is there may differ from its declaration. Pure. */
function drawnKeys({ checks }: VerifyReport, { keys }: StatusResult): DrawnKey[] {
  const differing = new Set(
    checks.flatMap(({ differences = [] }) =>
      differences.flatMap(({ object, name }) => (object === 'foreign-key' ? [name] : [])),
    ),
  );
  return keys.map((key) =>
    key.status === 'present' && differing.has(key.name) ? { ...key, status: 'differs' } : key,
  );
}

/** The proof as a page: verdict, tables and keys, each check with its evidence, the history. Pure. */
export const verifyPage = (report: VerifyReport, status: StatusResult, at: Date): string =>
  page(
    {
      title: 'Schema proof',
      verdict: report.verdict.toUpperCase(),
      mood: report.ok ? 'good' : /proven/.test(report.verdict) ? 'open' : 'bad',
      meaning: meaningOf(report),
      where: report,
      at,
    },
    keysSection(drawnKeys(report, status)),
    section('Checks', report.checks.map(checkDetails)),
    historySection(status),
  );
