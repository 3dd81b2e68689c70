import type { AdoptResult } from '../../../engine/adopt/results';
import { describeDifference, type Difference } from '../../../engine/schema/compare';
import { describeSize } from '../../../engine/steps/table-size';
import { counted } from '../counted';
import { findingsMarkdown } from './findings-markdown';
import { codeBlock, escaped } from './markdown';
import { heading, keysTable } from './migrate-markdown';

const listed = (differences: readonly Difference[]): string[] =>
  differences.length === 0 ? [] : [...differences.map((one) => `- ${escaped(describeDifference(one))}`), ''];

const script = (sql: readonly string[]): string[] =>
  sql.length === 0 ? [] : codeBlock(sql.map((statement) => `${statement};`).join('\n'), 'sql');

/** What an adopt found and did, as Markdown: all differences, for this is where the others refer to. */
export function adoptMarkdown(result: AdoptResult): string[] {
  const { adopted, repairs, decisions, keys, findings } = result;
  const done = [
    `${counted(repairs.length, 'repair')}`,
    ...(decisions.length > 0 ? [counted(decisions.length, 'decision')] : []),
    `${counted(adopted.length, 'migration')} recorded`,
  ];
  return [
    ...heading(result, `adopt: ${done.join(', ')}`),
    ...repairs.flatMap(({ title, differences, sql, copies, status }) => [
      `**${status === 'repaired' ? '✅ repaired' : '⚠️ to repair'}**: ${escaped(title)}`,
      '',
      ...listed(differences),
      ...(copies === null || status === 'repaired'
        ? []
        : [`May copy ${escaped(copies.table)}: ${describeSize(copies)}; its writers wait meanwhile.`, '']),
      ...(status === 'repaired' ? [] : script(sql)),
    ]),
    ...decisions.flatMap(({ reason, differences, look, choices }) => [
      `**❌ yours to decide**: ${escaped(reason)}`,
      '',
      ...listed(differences),
      ...(look === null ? [] : script([look])),
      ...choices.flatMap(({ does, sql }) => [`This ${escaped(does)}:`, '', ...script(sql)]),
    ]),
    ...keysTable(keys),
    ...(findings.length === 0 ? [] : findingsMarkdown(findings)),
    ...adopted.map((name) => `- recorded \`${escaped(name)}\``),
  ];
}
