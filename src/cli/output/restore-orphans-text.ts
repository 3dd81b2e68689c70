import type { LeftReason, RestoreOrphansResult } from '../../engine/migrate/restore-orphans';
import { counted, databaseLine } from './counted';
import { separated } from './migrate-text';
import type { Style } from './style';
import { table } from './table';
import { labelled } from './wrap';

/** Why a row stays, and what helps. */
export const leftReasons: Readonly<Record<LeftReason, string>> = {
  'parent-missing': 'a row that they name does not exist: put it back first',
  taken: 'their id, or another value that must be unique, is taken: look which of the two rows is right',
  'table-missing': 'their table does not exist, or this account may not see it',
  'columns-changed': 'their table lacks a column that they have a value for',
  'too-large': 'they do not fit into one statement: raise max_allowed_packet',
  refused: 'the server refuses them: a CHECK, a type or a trigger was changed since',
};

/** What a restore did: the rows that are back, by table, and those that stay in quarantine, with the reason. */
export function restoreOrphansText(result: RestoreOrphansResult, style: Style): string[] {
  const back = Object.entries(result.restored);
  const rowsBack = back.reduce((sum, [, rows]) => sum + rows, 0);
  const rowsLeft = result.left.reduce((sum, { rows }) => sum + rows, 0);
  return separated([
    databaseLine(result),
    rowsBack + rowsLeft === 0 ? ['Nothing is quarantined.'] : [],
    rowsBack === 0
      ? []
      : table(
          [
            { title: 'RESTORED INTO', elastic: true },
            { title: 'ROWS', align: 'right' },
          ],
          back.map(([name, rows]) => [name, String(rows)]),
          style,
        ),
    ...result.left.map(({ table: name, key, reason, rows, answer, sample }) => [
      ...labelled('', `${counted(rows, 'row')} of ${name}, quarantined for ${key}:`, 0),
      ...labelled('Left because: ', leftReasons[reason]),
      ...(answer === null ? [] : labelled('The server: ', answer)),
      ...labelled('For instance: ', sample.slice(0, 3).join('; ')),
    ]),
    rowsLeft === 0
      ? rowsBack === 0
        ? []
        : labelled('', `${counted(rowsBack, 'row')} restored, none left behind.`, 0).map(style.green)
      : labelled('', `${counted(rowsBack, 'row')} restored, ${rowsLeft} left in quarantine.`, 0).map(
          style.red,
        ),
  ]);
}
