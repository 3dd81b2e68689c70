import { findingsMarkdown } from '../../../../src/cli/output/findings';
import { migrateOutput, planOutput } from '../../../../src/cli/output/migrate';
import { statusOutput } from '../../../../src/cli/output/status';
import { verifyOutput } from '../../../../src/cli/output/verify';
import { labelled } from '../../../../src/cli/output/wrap';
import { findings, migrateResult, plan, report, status } from '../fixed-results';

/** Cells of a Markdown table's lines: an unescaped bar in a text would make one more. */
const cells = (line: string): number => line.split(/(?<!\\)\|/).length - 2;

/** Guards that what a pull request shows is the whole result, and that no text of it breaks the page. */
describe('Markdown', () => {
  it('says the verdict first, then every check in a table, then each fix as code', () => {
    const lines = verifyOutput.markdown(report);
    expect(lines[0]).toContain(`protection-flows verify: ${report.verdict}`);
    for (const { id, remedy } of report.checks) {
      expect(lines.find((line) => line.startsWith(`| \`${id}\` |`))).toBeDefined();
      if (remedy !== null) expect(lines.join('\n')).toContain(`**${id}**, fix:`);
    }
  });

  it('keeps every row of a table at its columns, whatever the texts hold', () => {
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

  it('shows SQL as code that can be pasted', () => {
    const text = findingsMarkdown(findings).join('\n');
    const remedy = 'GRANT REFERENCES ON `migratekit_oma`.* TO `oma_user`@`localhost`;';
    expect(text).toContain(['```sql', remedy, '```'].join('\n'));
  });

  it('has a form for each result that a pull request wants to see', () => {
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
  it('keeps its SQL unbroken and wraps a comment into comments', () => {
    const sql = `UPDATE t SET ${'a_long_name = 1, '.repeat(8)}b = 2;`;
    const comment = `-- ${'words that go on and on '.repeat(6)}`;
    const lines = labelled('Fix: ', `${comment}\n${sql}`);
    expect(lines.map((line) => line.trim())).toContain(sql);
    const others = lines.filter((line) => !line.includes('UPDATE'));
    expect(others.length).toBeGreaterThan(1);
    for (const line of others) expect(line.replace('Fix: ', '')).toMatch(/^\s*-- /);
  });
});
