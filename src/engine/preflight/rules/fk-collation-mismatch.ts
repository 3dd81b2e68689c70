import { bringing } from '../../steps/key-state';
import type { Rule } from '../finding';
import { serverAnswer } from '../key-findings';

/** A child column in another charset or collation than its parent: migrate gives it the parent's. */
export const fkCollationMismatch: Rule = ({ keys, server }) =>
  keys.flatMap(({ table, key, state }) => {
    const bring = state.status === 'to-add' ? bringing(state.change) : null;
    if (bring?.how !== 'align-then-add') return [];
    const { column, text } = bring.align;
    return [
      {
        code: 'FK_COLLATION_MISMATCH',
        effect: 'mended',
        table,
        key: key.name,
        message: `${table}.${column.name} is ${column.collation ?? 'of no collation'}, ${key.parentTable}.${key.parentColumns[0]} is ${text.collation}${serverAnswer('FK_COLLATION_MISMATCH', server.flavour)}`,
        remedy: `-- None needed: migrate gives ${table}.${column.name} the parent's collation before it adds ${key.name}.`,
        details: { from: column.collation, to: text.collation },
      },
    ];
  });
