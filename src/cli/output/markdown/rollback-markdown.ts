import type { RollbackPlan, RollbackResult } from '../../../engine/migrate/results';
import { counted } from '../counted';
import { codeBlock, escaped, markdownTable, remedyBlock } from './markdown';
import { heading } from './migrate-markdown';

const migrationsList = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [...names.map((name) => `- \`${escaped(name)}\``), ''];

const rowsTable = (title: string, rows: Readonly<Record<string, number>>): string[] => {
  const some = Object.entries(rows).filter(([, count]) => count > 0);
  if (some.length === 0) return [];
  return markdownTable(
    [title, 'Rows'],
    some.map(([table, count]) => [escaped(table), String(count)]),
  );
};

/** What a rollback did, as Markdown. */
export function rollbackMarkdown(result: RollbackResult): string[] {
  return [
    ...heading(result, `rollback: ${counted(result.undone.length, 'migration')} undone`),
    ...migrationsList(result.undone),
    ...rowsTable('Discarded from', result.discarded),
  ];
}

/** What a rollback would do, as Markdown. */
export function rollbackPlanMarkdown(plan: RollbackPlan): string[] {
  const { undoing, statements, lost, refusals } = plan;
  const script = statements.map(({ step, sql }) => `-- ${step}\n${sql};`).join('\n');
  return [
    ...heading(
      plan,
      `rollback --plan: ${counted(undoing.length, 'migration')}, ${counted(statements.length, 'statement')}`,
    ),
    ...migrationsList(undoing),
    ...rowsTable('Rows would be lost of', lost),
    ...refusals.flatMap(({ code, message, remedy }) => [
      `**${code}**: ${escaped(message)}`,
      '',
      ...remedyBlock(remedy),
    ]),
    ...(statements.length === 0 ? [] : codeBlock(script, 'sql')),
  ];
}
