import { orphansSql } from '../../schema/orphans';
import type { Rule } from '../rule';

/** Rows whose parent does not exist stand in the way of a key. */
export const fkOrphanRows: Rule = ({ keys, live }) =>
  keys.flatMap(({ table, key, orphans, late }) => {
    const child = live.get(table);
    if (orphans === null || orphans.rows === 0 || child === undefined) return [];
    return [
      {
        code: 'FK_ORPHAN_ROWS',
        effect: late ? 'key-refused' : 'blocking',
        table,
        key: key.name,
        message: `${orphans.rows} row${orphans.rows === 1 ? '' : 's'} of ${table} name ${orphans.values} ${key.parentTable} that do not exist, for instance ${key.columns[0] ?? ''} = '${orphans.sample[0] ?? ''}'`,
        remedy: `Restore the missing parents or mend the rows, then migrate again. To see them:\n${orphansSql(child, key, live)};`,
        details: { ...orphans },
      },
    ];
  });
