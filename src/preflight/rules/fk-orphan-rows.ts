import { mendOrphansSql } from '../../schema/orphans/mend-orphans';
import { script } from '../../schema/ddl';
import { orphansSql } from '../../schema/orphans/find-orphans';
import type { ForeignKey } from '../../schema/shape';
import { effectOn } from '../key-findings';
import type { Rule } from '../rule';
import { serverAnswer } from '../server-answers';

function whatItDoes(table: string, { onDelete, columns, parentTable }: ForeignKey): string {
  if (onDelete === 'CASCADE') return `deletes those rows of ${table}, as the key would have`;
  if (onDelete === 'SET NULL') return `sets ${columns[0] ?? ''} of those rows to NULL, as the key would have`;
  return `puts a placeholder into ${parentTable} for each; restore the real rows instead where you can`;
}

/** Rows whose parent does not exist stand in the way of a key. */
export const fkOrphanRows: Rule = ({ keys, live, server }) =>
  keys.flatMap((fact) => {
    const { table, key, orphans } = fact;
    const child = live.get(table);
    if (orphans === null || orphans.rows === 0 || child === undefined) return [];
    const { rows, values, sample } = orphans;
    return [
      {
        code: 'FK_ORPHAN_ROWS',
        effect: effectOn(fact),
        table,
        key: key.name,
        message: `${rows} row${rows === 1 ? '' : 's'} of ${table} name ${values} ${key.parentTable} that do not exist, for instance ${key.columns[0] ?? ''} = '${sample[0] ?? ''}'${serverAnswer('FK_ORPHAN_ROWS', server.flavour)}`,
        remedy: [
          '-- Look first:',
          script([orphansSql(child, key, live)]),
          `-- This ${whatItDoes(table, key)}:`,
          script(mendOrphansSql(child, key, live)),
        ].join('\n'),
        details: { ...orphans },
      },
    ];
  });
