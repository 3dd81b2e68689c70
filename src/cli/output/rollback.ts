import type { RollbackPlan, RollbackResult } from '../../engine/migrate/results';
import { escaped, heading, namesMarkdown, remedyBlock, tableMarkdown } from './markdown';
import { amountOf, scriptMarkdown, scriptText } from './migrate';
import { rowsTable, tableText } from './table';
import { counted, headed, namesText, separated, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** A rollback: the undone migrations, newest first, and the discarded rows by table. */
export const rollbackOutput: Output<RollbackResult> = {
  text: (result, style) => {
    const { ok, undone, discarded } = result;
    return textAbout(
      result,
      undone.length === 0
        ? paragraph('No migration was undone: none is applied.')
        : namesText(`Undid ${counted(undone.length, 'migration')}, newest first`, undone, style),
      tableText(rowsTable('Discarded from', discarded), style),
      ok ? [] : paragraph('Not every requested migration was undone.').map(style.red),
    );
  },
  markdown: (result) => [
    ...heading(result, `rollback: ${counted(result.undone.length, 'migration')} undone`),
    ...namesMarkdown(result.undone),
    ...tableMarkdown(rowsTable('Discarded from', result.discarded)),
  ],
};

/** The plan of a rollback: like a migrate's plan, a script whose text is in comments. */
export const rollbackPlanOutput: Output<RollbackPlan> = {
  text: (plan, style) => {
    const { ok, undoing, statements, lost, refusals } = plan;
    return scriptText(statements, style, () =>
      textAbout(
        plan,
        paragraph(`The plan: ${counted(undoing.length, 'migration')} to undo`).map(style.bold),
        undoing.flatMap((name) => labelled('', name)),
        tableText(rowsTable('Rows would be lost of', lost), style),
        separated(
          refusals.map(({ code, message, remedy }) => [
            ...headed(code, `: ${message}`, style.red),
            ...labelled('Fix: ', remedy),
          ]),
        ),
        paragraph(planConclusion(ok, undoing.length)),
      ),
    );
  },
  markdown: (plan) => {
    const { undoing, statements, lost, refusals } = plan;
    return [
      ...heading(plan, `rollback --plan: ${amountOf(undoing.length, statements)}`),
      ...namesMarkdown(undoing),
      ...tableMarkdown(rowsTable('Rows would be lost of', lost)),
      ...refusals.flatMap(({ code, message, remedy }) => [
        `**${code}**: ${escaped(message)}`,
        '',
        ...remedyBlock(remedy),
      ]),
      ...scriptMarkdown(statements),
    ];
  },
};

function planConclusion(ok: boolean, count: number): string {
  if (!ok) return 'Nothing was changed. It cannot be carried out now: see above.';
  return count === 0
    ? 'Nothing was changed, and there is nothing to undo: no migration is applied.'
    : 'Nothing was changed. To carry it out, give the same command without --plan.';
}
