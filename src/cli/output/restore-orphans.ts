import type { LeftReason, RestoreOrphansResult } from '../../engine/migrate/restore-orphans';
import { heading, tableMarkdown } from './markdown';
import { rowsTable, tableText } from './table';
import { counted, grouped, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

const leftReasons: Readonly<Record<LeftReason, string>> = {
  'parent-missing': 'a row that they refer to does not exist: put it back first',
  taken: 'their id, or another value that must be unique, is taken: decide which of the two rows is right',
  'table-missing': 'their table does not exist, or this account may not see it',
  'columns-changed': 'their table lacks a column that they have a value for',
  'too-large': 'they do not fit into one statement: raise max_allowed_packet',
  refused: 'the server refuses them: a CHECK, a type or a trigger was changed since',
};

/** A restore: the restored rows by table, and the rows that stay in quarantine, with the reason. */
export const restoreOrphansOutput: Output<RestoreOrphansResult> = {
  text: (result, style) => {
    const [back, left] = rowsOf(result);
    return textAbout(
      result,
      back + left === 0 ? ['Nothing is quarantined.'] : [],
      tableText(rowsTable('Restored into', result.restored), style),
      ...result.left.map(({ table, key, reason, rows, answer, sample }) => [
        ...paragraph(`${counted(rows, 'row')} of ${table}, quarantined for ${key}:`),
        ...labelled('Left because: ', leftReasons[reason]),
        ...(answer === null ? [] : labelled('The server: ', answer)),
        ...labelled('For instance: ', sample.slice(0, 3).join('; ')),
      ]),
      left > 0
        ? paragraph(`${counted(back, 'row')} restored, ${grouped(left)} left in quarantine.`).map(style.red)
        : back > 0
          ? paragraph(`${counted(back, 'row')} restored, none left in quarantine.`).map(style.green)
          : [],
    );
  },
  markdown: (result) => {
    const [back, left] = rowsOf(result);
    return [
      ...heading(result, `restore-orphans: ${counted(back, 'row')} restored, ${grouped(left)} left`),
      ...tableMarkdown(rowsTable('Restored into', result.restored)),
      ...tableMarkdown({
        columns: [{ title: 'Left of' }, { title: 'Rows' }, { title: 'Key' }, { title: 'Because' }],
        rows: result.left.map(({ table, rows, key, reason, answer }) => [
          table,
          String(rows),
          key,
          answer === null ? leftReasons[reason] : `${leftReasons[reason]} (${answer})`,
        ]),
      }),
    ];
  },
};

function rowsOf({ restored, left }: RestoreOrphansResult): [back: number, left: number] {
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  return [sum(Object.values(restored)), sum(left.map(({ rows }) => rows))];
}
