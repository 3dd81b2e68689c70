import type { MigratePlan } from '../../engine/migrate/results';
import { describeSize, type TableSize } from '../../engine/steps/table-size';
import { counted, databaseLine } from './counted';
import { findingsText } from './findings-text';
import { separated } from './migrate-text';
import { rollingText } from './rolling-text';
import { table } from './table';
import { markStatus, type Style } from './style';
import { labelled, narrowed } from './wrap';

/** What makes a line of text a comment of the script. */
export const comment = '-- ';

/**
 * What a migrate would do. Everything but the statements is an SQL comment, so the whole text can be given to a
 * client; the statements are printed as they would be executed.
 */
export function planText(plan: MigratePlan, style: Style): string[] {
  const head = narrowed(comment.length, () =>
    separated([
      databaseLine(plan),
      labelled('', heading(plan), 0).map(style.bold),
      plan.keys.length === 0
        ? []
        : table(
            [
              { title: 'FOREIGN KEY', elastic: true },
              { title: 'STATUS', mark: (text) => markStatus(text, style) },
            ],
            plan.keys.map((key) => [key.name, key.status]),
            style,
          ),
      findingsText(plan.findings, style),
      rollingText(plan.pending.length, plan.breaking),
      labelled('', conclusion(plan), 0),
    ]),
  );
  return [...head.map((line) => `${comment}${line}`.trimEnd()), ...statementsText(plan.statements, style)];
}

function heading({ pending, statements }: MigratePlan): string {
  if (statements.length === 0 && pending.length === 0) return 'The plan: nothing to do';
  return `The plan: ${counted(pending.length, 'migration')}, ${counted(statements.length, 'statement')}`;
}

function conclusion({ ok }: MigratePlan): string {
  return ok
    ? 'Nothing was changed. It could be carried out now: protection-flows migrate'
    : 'Nothing was changed. It could not be carried out now: see the findings.';
}

/** Statements as a script, each step's title before its own. */
export function statementsText(statements: MigratePlan['statements'], style: Style): string[] {
  const lines: string[] = [];
  let previous: MigratePlan['statements'][number] | undefined;
  for (const statement of statements) {
    const { migration, step, sql, copies } = statement;
    const isNewMigration = previous === undefined || previous.migration !== migration;
    if (isNewMigration) {
      const title = labelled(comment, migration ?? 'Keys that are absent', 0).map(asComment);
      lines.push('', ...title.map(style.bold));
    }
    if (isNewMigration || previous?.step !== step) lines.push(...labelled(comment, step, 0).map(asComment));
    if (copies !== null) lines.push(...labelled(comment, copyNote(copies), 0).map(asComment));
    lines.push(terminated(sql));
    previous = statement;
  }
  return lines;
}

/** What a copy costs, said beforehand. */
const copyNote = (size: TableSize & { table: string }): string =>
  `Copies ${size.table}: ${describeSize(size)}; its writers wait meanwhile`;

/** The second line of a long step is a comment too. */
function asComment(line: string): string {
  return line.startsWith(comment) ? line : `${comment}${line.trimStart()}`;
}

function terminated(sql: string): string {
  const trimmed = sql.trim();
  return trimmed.endsWith(';') ? trimmed : `${trimmed};`;
}
