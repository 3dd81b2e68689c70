import { adoptOutput } from '../../../../src/cli/output/adopt';
import { auditOutput } from '../../../../src/cli/output/audit';
import { findingsMarkdown, preflightOutput } from '../../../../src/cli/output/findings';
import { migrateOutput, planOutput } from '../../../../src/cli/output/migrate';
import { recountOutput } from '../../../../src/cli/output/retention';
import { statusOutput } from '../../../../src/cli/output/status';
import { verifyOutput } from '../../../../src/cli/output/verify';
import { labelled } from '../../../../src/cli/output/wrap';
import { auditResult } from '../fixed-audit';
import { recountResult } from '../fixed-recount';
import {
  adoptResult,
  findings,
  migrateResult,
  plan,
  preflightResult,
  report,
  status,
} from '../fixed-results';

/** Cells of a Markdown table's lines: an unescaped bar in a text would make one more. */
const cells = (line: string): number => line.split(/(?<!\\)\|/).length - 2;

/** Guards that a pull request shows the whole result, and that no text in it breaks the page. */
describe('Markdown', () => {
  it('says the verdict first, then every check in a table, then each fix as code', () => {
    const lines = verifyOutput.markdown(report);
    expect(lines[0]).toContain(`protection-flows verify: ${report.verdict}`);
    for (const { id, remedy } of report.checks) {
      expect(lines.find((line) => line.startsWith(`| \`${id}\` |`))).toBeDefined();
      if (remedy !== null) expect(lines.join('\n')).toContain(`**${id}**, fix:`);
    }
  });

  it('keeps the columns of every table row, whatever the texts contain', () => {
    const evil = 'a | b \\| c\nd `e` <script> *f* _g_ ~h~';
    const lines = verifyOutput.markdown({
      ...report,
      database: evil,
      checks: report.checks.map((check) => ({ ...check, summary: evil })),
    });
    const rows = lines.filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(report.checks.length + 2);
    expect(new Set(rows.map(cells))).toEqual(new Set([3]));
    expect(rows.join('')).not.toMatch(/<script>/);
  });

  it.each([
    ['- all', '\\- all'],
    ['+ all', '\\+ all'],
    ['---', '\\---'],
    ['1. all', '1\\. all'],
    ['12) all', '12\\) all'],
    ['  # all', '\\# all'],
    ['> all', '\\> all'],
    ['&lt;b&gt; &amp;', '\\&lt;b\\&gt; \\&amp;'],
    ['Nightly - 1. all', 'Nightly - 1. all'],
  ])('escapes a name that would begin a list or be read as another name: %s', (name, shown) => {
    const flows = [{ ...auditResult.flows[0]!, name }];
    expect(auditOutput.markdown({ ...auditResult, flows })).toContain(`- ${shown} \`flow-1\``);
  });

  it('shows SQL as code that can be pasted', () => {
    const text = findingsMarkdown(findings).join('\n');
    const remedy = 'GRANT REFERENCES ON `migratekit_oma`.* TO `oma_user`@`localhost`;';
    expect(text).toContain(['```sql', remedy, '```'].join('\n'));
  });

  // Code shows a backslash: `web\_1` is not a flow
  it.each<[string, (name: string) => string[]]>([
    ['migrate', (name) => migrateOutput.markdown({ ...migrateResult, applied: [name] })],
    ['migrate --plan', (name) => planOutput.markdown({ ...plan, breaking: { [name]: 'all' } })],
    [
      'status',
      (name) => statusOutput.markdown({ ...status, migrations: [{ ...status.migrations[0]!, name }] }),
    ],
    ['adopt', (name) => adoptOutput.markdown({ ...adoptResult, adopted: [name] })],
    [
      'recount',
      (id) =>
        recountOutput.markdown({ ...recountResult, recounted: [{ ...recountResult.recounted[0]!, id }] }),
    ],
    ['audit', (id) => auditOutput.markdown({ ...auditResult, flows: [{ ...auditResult.flows[0]!, id }] })],
  ])('shows a name as it is in code, and as words if it would end the code: %s', (_command, markdown) => {
    expect(markdown('web_1').join('\n')).toContain('`web_1`');
    expect(markdown('web`<b>').join('\n')).toContain('web\\`\\<b\\>');
  });

  it.each([
    ['migrate', migrateOutput.markdown(migrateResult)],
    ['migrate --plan', planOutput.markdown(plan)],
    ['status', statusOutput.markdown(status)],
    ['preflight', preflightOutput.markdown(preflightResult)],
    ['verify', verifyOutput.markdown(report)],
    ['adopt', adoptOutput.markdown(adoptResult)],
    ['recount', recountOutput.markdown(recountResult)],
    ['audit', auditOutput.markdown(auditResult)],
  ])('names the database below the heading: %s', (command, lines) => {
    expect(lines[0]).toContain(`protection-flows ${command}: `);
    expect(lines[2]).toMatch(/^Database \S+ on (?:MariaDB|MySQL) [\d.]+$/);
  });

  it('has a form for each result that belongs in a pull request', () => {
    for (const [lines, word] of [
      [migrateOutput.markdown(migrateResult), migrateResult.applied[0]],
      [planOutput.markdown(plan), plan.statements[0]?.sql],
      [statusOutput.markdown(status), status.migrations[0]?.name],
    ] as const) {
      expect(lines.join('\n')).toContain(word);
    }
  });
});

describe('a remedy on a terminal', () => {
  it('does not break its SQL, and wraps a comment into several comments', () => {
    const sql = `UPDATE t SET ${'a_long_name = 1, '.repeat(8)}b = 2;`;
    const comment = `-- ${'words that go on and on '.repeat(6)}`;
    const lines = labelled('Fix: ', `${comment}\n${sql}`);
    expect(lines.map((line) => line.trim())).toContain(sql);
    const others = lines.filter((line) => !line.includes('UPDATE'));
    expect(others.length).toBeGreaterThan(1);
    for (const line of others) expect(line.replace('Fix: ', '')).toMatch(/^\s*-- /);
  });
});
