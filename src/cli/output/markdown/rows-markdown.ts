import type { RestoreOrphansResult } from '../../../engine/migrate/restore-orphans';
import type { PruneReport } from '../../prune-executions';
import { groupedCount } from '../counted';
import { leftReasons } from '../restore-orphans-text';
import { escaped, markdownTable } from './markdown';
import { heading } from './migrate-markdown';

/** What a restore put back, and what stays in quarantine, as Markdown. */
export function restoreOrphansMarkdown(result: RestoreOrphansResult): string[] {
  const back = Object.entries(result.restored);
  const { left } = result;
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  const [rowsBack, rowsLeft] = [sum(back.map(([, rows]) => rows)), sum(left.map(({ rows }) => rows))];
  return [
    ...heading(result, `restore-orphans: ${groupedCount(rowsBack, 'row')} restored, ${rowsLeft} left`),
    ...(back.length === 0
      ? []
      : markdownTable(
          ['Restored into', 'Rows'],
          back.map(([table, rows]) => [escaped(table), String(rows)]),
        )),
    ...(left.length === 0
      ? []
      : markdownTable(
          ['Left of', 'Rows', 'Key', 'Because'],
          left.map(({ table, rows, key, reason, answer }) => [
            escaped(table),
            String(rows),
            escaped(key),
            escaped(answer === null ? leftReasons[reason] : `${leftReasons[reason]} (${answer})`),
          ]),
        )),
  ];
}

/** What a prune deleted, or would, as Markdown. */
export function pruneMarkdown(result: PruneReport): string[] {
  const done = result.dry_run ? 'to delete' : 'deleted';
  return [
    ...heading(result, `prune: ${groupedCount(result.deleted, 'execution')} ${done}`),
    `Looked at ${groupedCount(result.flows, 'flow')}.`,
    '',
  ];
}
