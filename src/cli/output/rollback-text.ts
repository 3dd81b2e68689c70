import type { RollbackPlan, RollbackResult } from '../../engine/migrate/results';
import { counted, databaseLine } from './counted';
import { separated } from './migrate-text';
import { comment, statementsText } from './plan-text';
import type { Style } from './style';
import { table } from './table';
import { labelled, narrowed } from './wrap';

/** What a rollback did: the migrations undone, newest first, and the rows thrown away, by table. */
export function rollbackText(result: RollbackResult, style: Style): string[] {
  const { ok, undone, discarded } = result;
  return separated([
    databaseLine(result),
    undone.length === 0
      ? labelled('', 'No migration was undone: none is applied.', 0)
      : [
          style.bold(`Undid ${counted(undone.length, 'migration')}, newest first`),
          ...undone.flatMap((name) => labelled('', name)),
        ],
    rowsTable('DISCARDED FROM', discarded, style),
    ok ? [] : labelled('', 'Not everything that was asked for could be undone.', 0).map(style.red),
  ]);
}

function rowsTable(title: string, counts: Readonly<Record<string, number>>, style: Style): string[] {
  const rows = Object.entries(counts).filter(([, count]) => count > 0);
  if (rows.length === 0) return [];
  return table(
    [
      { title, elastic: true },
      { title: 'ROWS', align: 'right' },
    ],
    rows.map(([name, count]) => [name, String(count)]),
    style,
  );
}

/** What a rollback would do: like a migrate's plan, a script whose text is in comments. */
export function rollbackPlanText(plan: RollbackPlan, style: Style): string[] {
  const { ok, undoing, statements, lost, refusals } = plan;
  const head = narrowed(comment.length, () =>
    separated([
      databaseLine(plan),
      labelled('', `The plan: ${counted(undoing.length, 'migration')} to undo`, 0).map(style.bold),
      undoing.flatMap((name) => labelled('', name)),
      rowsTable('ROWS WOULD BE LOST OF', lost, style),
      ...refusals.map(({ code, message, remedy }) => [
        ...labelled('', `${code}: ${message}`, 0).map((line) => line.replace(code, style.red(code))),
        ...labelled('Fix: ', remedy),
      ]),
      labelled('', planConclusion(ok, undoing.length), 0),
    ]),
  );
  return [...head.map((line) => `${comment}${line}`.trimEnd()), ...statementsText(statements, style)];
}

function planConclusion(ok: boolean, count: number): string {
  if (!ok) return 'Nothing was changed. It could not be carried out now: see above.';
  return count === 0
    ? 'Nothing was changed, and there is nothing to undo: no migration is applied.'
    : 'Nothing was changed. It could be carried out now, by the same command without --plan.';
}
