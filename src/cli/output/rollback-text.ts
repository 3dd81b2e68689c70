import type { RollbackResult } from '../../migrator/results';
import { counted, databaseLine } from './counted';
import { separated } from './migrate-text';
import type { Style } from './style';
import { table } from './table';
import { labelled } from './wrap';

/** What a rollback did: the migrations undone, newest first, and the rows thrown away, by table. */
export function rollbackText(result: RollbackResult, style: Style): string[] {
  const { ok, undone, discarded } = result;
  const rows = Object.entries(discarded).filter(([, count]) => count > 0);
  return separated([
    databaseLine(result),
    undone.length === 0
      ? ['No migration was undone: none is applied.']
      : [
          style.bold(`Undid ${counted(undone.length, 'migration')}, newest first`),
          ...undone.flatMap((name) => labelled('', name)),
        ],
    rows.length === 0
      ? []
      : table(
          [
            { title: 'DISCARDED FROM', elastic: true },
            { title: 'ROWS', align: 'right' },
          ],
          rows.map(([name, count]) => [name, String(count)]),
          style,
        ),
    ok ? [] : [style.red('Not everything that was asked for could be undone.')],
  ]);
}
