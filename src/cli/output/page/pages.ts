import type { StatusResult } from '../../../engine/migrate/results';
import type { CheckResult, Evidence, VerifyReport } from '../../../engine/verify/report';
import { objectOf, summaryOf, valuesOf } from '../differences';
import { guardStates } from '../guard';
import { moment } from '../status';
import { meaningOf, valueText } from '../verify';
import { drawing, type DrawnKey } from './drawing';
import { marked, markup, page, section, table, type Markup } from './page';

const keysSection = (keys: readonly DrawnKey[]): Markup =>
  section(
    'Tables and keys',
    keys.length === 0 ? markup`<p>No foreign key is declared.</p>` : drawing(keys),
    table(
      'Foreign keys',
      ['Key', 'Column', 'Refers to', 'On delete', 'State'],
      keys.map((key) => [
        key.name,
        `${key.table}.${key.column}`,
        `${key.parentTable}.${key.parentColumn}`,
        key.onDelete,
        marked(key.status),
      ]),
    ),
  );

const historySection = ({ migrations }: Pick<StatusResult, 'migrations'>): Markup =>
  section(
    'History of migrations',
    table(
      'Migrations, oldest first',
      ['Migration', 'State', 'Applied', 'Older programs'],
      migrations.map(({ name, status, appliedAt, breaking }) => [
        name,
        marked(status),
        appliedAt === null ? '' : `${moment(appliedAt)} UTC`,
        breaking === null ? '' : breaking === false ? 'go on working' : breaking,
      ]),
    ),
  );

/** The state of a database as a page. Pure. */
export const statusPage = (status: StatusResult, at: Date): string =>
  page(
    {
      title: 'State',
      verdict: status.ok ? 'UP TO DATE' : 'NOT UP TO DATE',
      mood: status.ok ? 'good' : 'bad',
      meaning: status.ok
        ? 'Every migration is applied, and no key is missing whose parent table is there.'
        : 'A migration or a key is missing, or the history names a migration that this version does not know.',
      where: status,
      at,
    },
    keysSection(status.keys),
    historySection(status),
    section('Guards', markup`<p>${guardStates[status.guards]}</p>`),
  );

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
        differences.map((one) => [objectOf(one), one.property, ...valuesOf(one)]),
      );

const code = (text: string): Markup => markup`<pre tabindex="0">${text}</pre>\n`;

const seen = ({ sql, rows }: Evidence): Markup => markup`<p class="quiet">Seen with:</p>
${code(sql)}${rowsTable(rows)}`;

/** A check with its evidence; open if it failed. */
function checkDetails(check: CheckResult): Markup {
  const { id, status, remedy, evidence } = check;
  const open = status === 'fail' ? markup` open` : null;
  const isBare = evidence.length === 0 && remedy === null;
  return markup`<details${open}>
<summary>${marked(status)} <b>${id}</b>: ${summaryOf(check)}</summary>
${differencesTable(check)}${remedy === null ? null : [markup`<p>Fix:</p>\n`, code(remedy)]}${evidence.map(seen)}${isBare ? markup`<p class="quiet">It has nothing more to show.</p>` : null}</details>
`;
}

/** The keys, with `differs` for each present one that the report found to differ from its declaration. Pure. */
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
