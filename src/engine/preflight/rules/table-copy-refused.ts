import { copyRefused } from '../../steps/alter-table';
import type { Finding, Rule } from '../finding';

/** A change that this server makes only by copying a table, while its writers wait, and the table is large. */
export const tableCopyRefused: Rule = ({ plan, sizes, words, wishes }) =>
  plan.statements
    .filter(({ copies }) => copies)
    .flatMap(({ migration, step }): Finding[] => {
      const [table = ''] = step.tables;
      const size = sizes.get(table);
      if (size === undefined || size.rows <= wishes.copyLimitRows) return [];
      const refusal = copyRefused(table, size, wishes.copyLimitRows, step.title, words);
      const { code, message, remedy, details } = refusal;
      return [
        {
          code,
          effect: migration === null ? 'key-refused' : 'blocking',
          table,
          key: step.foreignKey?.key.name ?? null,
          message,
          remedy: `-- ${remedy}`,
          details,
        },
      ];
    });
