import { script } from '../../schema/ddl';
import { orphanChoicesFor, possibleChoice, type OrphanChoiceForKey } from '../../orphans/settle-orphans';
import { describeOrphans, orphansSql, mendOrphansSql } from '../../orphans/find-orphans';
import type { ForeignKey } from '../../schema/shape';
import { effectOn, serverAnswer } from '../key-findings';
import type { Rule } from '../finding';
import { schemaHandMade } from './schema-hand-made';

function whatItDoes(table: string, { onDelete, columns, parentTable }: ForeignKey): string {
  if (onDelete === 'CASCADE') return `deletes those rows of ${table}, as the key would have`;
  if (onDelete === 'SET NULL') return `sets ${columns[0]} of those rows to NULL, as the key would have`;
  return `puts a placeholder into ${parentTable} for each; restore the real rows instead where you can`;
}

const choiceLine = (command: string, { choice, isPossible, does, why }: OrphanChoiceForKey): string =>
  isPossible
    ? `-- ${command} --orphans=${choice} ${does}.`
    : `-- --orphans=${choice} is not possible: ${why ?? ''}.`;

/** Rows whose parent does not exist stand in the way of a key, unless the caller said what is to become of them. */
export const fkOrphanRows: Rule = (facts) => {
  const { keys, live, server, words, wishes, planOf } = facts;
  // No migrate runs on tables that were made by hand
  const command = `${words.command} ${schemaHandMade(facts).some(({ effect }) => effect === 'blocking') ? 'adopt --repair' : planOf}`;
  return keys.flatMap((fact) => {
    const { table, key, orphans } = fact;
    const child = live.get(table);
    if (orphans === null || orphans.rows === 0 || child === undefined) return [];
    const { sample } = orphans;
    const choices = orphanChoicesFor(child, key);
    const chosen = choices.find(({ choice }) => choice === possibleChoice(child, key, wishes.orphans));
    const fix = [
      ...choices.map((one) => choiceLine(command, one)),
      '-- Look first:',
      script([orphansSql(child, key, live)]),
      `-- By hand; this ${whatItDoes(table, key)}:`,
      script(mendOrphansSql(child, key, live)),
    ];
    return [
      {
        code: 'FK_ORPHAN_ROWS',
        effect: chosen ? 'mended' : effectOn(fact),
        table,
        key: key.name,
        message: `${describeOrphans(table, key, orphans)}, for instance ${key.columns[0]} = '${sample[0] ?? ''}'${serverAnswer('FK_ORPHAN_ROWS', server.flavour)}`,
        remedy: chosen ? `-- None needed: --orphans=${chosen.choice} ${chosen.does}.` : fix.join('\n'),
        details: { ...orphans, choices },
      },
    ];
  });
};
