import { orphanChoicesFor, possibleChoice, type OrphanChoiceForKey } from '../../orphans/settle-orphans';
import { describeOrphans, orphansSql, mendOrphansSql } from '../../orphans/find-orphans';
import { alterSql, checkSql, dropCheckSql, dropForeignKeySql, foreignKeySql, script } from '../../schema/ddl';
import { named, type ForeignKey } from '../../schema/shape';
import { quoteName } from '../../server/queryable';
import type { Flavour } from '../../server/server';
import { wouldSee } from '../access/grants';
import { grantSql } from '../access/read-access';
import { effectOn, type Rule } from '../finding';
import type { TakenName } from '../taken-names';
import { serverAnswer } from './key-obstacles';
import { schemaHandMade } from './tables';

/** Renames the other table's constraint, in one statement. */
function renameSql({ takenBy, name, object }: TakenName, flavour: Flavour): string {
  const other = `${name.slice(0, 59)}_old`;
  return 'foreignKey' in object
    ? alterSql(
        takenBy,
        dropForeignKeySql(name),
        `ADD ${foreignKeySql({ ...object.foreignKey, name: other }, flavour)}`,
      )
    : alterSql(takenBy, dropCheckSql(name), `ADD ${checkSql({ ...object.check, name: other })}`);
}

/** Another table's constraint has the name of one that migrate has to make. A renamed table keeps its constraints' names. */
export const constraintNameTaken: Rule = ({ takenNames, keys, server }) =>
  takenNames.map((taken) => {
    const fact = 'foreignKey' in taken.object ? keys.find(({ key }) => key.name === taken.name) : undefined;
    const kind = fact === undefined ? 'CHECK' : 'foreign key';
    const ofKey = server.flavour === 'mariadb' ? '1005 with errno 121, or 1823' : '1826';
    return {
      effect: fact === undefined ? 'blocking' : effectOn(fact),
      table: taken.takenBy,
      key: fact?.key.name ?? null,
      message: `the name ${taken.name} is taken by a ${kind} of ${taken.takenBy}; such names are unique in a database (the server's errno: ${fact === undefined ? '3822' : ofKey})`,
      remedy: `-- Gives the other table's constraint another name.\n${renameSql(taken, server.flavour)};`,
      details: { name: taken.name, takenBy: taken.takenBy },
    };
  });

/** A key refers to a virtual column. MySQL allows only stored columns (3733, tried); MariaDB also virtual ones. */
export const virtualParent: Rule = ({ keys, live, server }) =>
  keys.flatMap((fact) => {
    const { parentTable, parentColumns, name } = fact.key;
    const column = named(live.get(parentTable)?.columns ?? [], parentColumns[0]);
    const isVirtual = server.flavour === 'mysql' && column?.extra.includes('virtual') === true;
    if (!isVirtual || fact.state.status !== 'to-add') return [];
    return [
      {
        effect: effectOn(fact),
        table: parentTable,
        key: name,
        message: `${parentTable}.${column.name} is a virtual column; ${name} needs a stored one (the server's errno: 3733)`,
        remedy: `-- Drop the column and add it again as STORED, with the expression and the index that this shows:\nSHOW CREATE TABLE ${quoteName(parentTable)};`,
        details: { child: fact.table, parent: parentTable },
      },
    ];
  });

/** A child column has another charset or collation than its parent column: migrate gives it the parent's. */
export const fkCollationMismatch: Rule = ({ keys, server }, code) =>
  keys.flatMap(({ table, key, state }) => {
    if (state.status !== 'to-add' || state.change.how !== 'align-then-add') return [];
    const { column, text } = state.change.align;
    return [
      {
        effect: 'mended',
        table,
        key: key.name,
        message: `${table}.${column.name} is ${column.collation ?? 'of no collation'}, ${key.parentTable}.${key.parentColumns[0]} is ${text.collation}${serverAnswer(code, server.flavour)}`,
        remedy: `-- None needed: migrate gives ${table}.${column.name} the parent's collation before it adds ${key.name}.`,
        details: { from: column.collation, to: text.collation },
      },
    ];
  });

function whatItDoes(table: string, { onDelete, columns, parentTable }: ForeignKey): string {
  if (onDelete === 'CASCADE') return `deletes those rows of ${table}, as the key would have`;
  if (onDelete === 'SET NULL') return `sets ${columns[0]} of those rows to NULL, as the key would have`;
  return `puts a placeholder into ${parentTable} for each; restore the real rows instead where you can`;
}

const choiceLine = (command: string, { choice, isPossible, does, why }: OrphanChoiceForKey): string =>
  isPossible
    ? `-- ${command} --orphans=${choice} ${does}.`
    : `-- --orphans=${choice} is not possible: ${why ?? ''}.`;

/** Orphans stop a key, unless the caller chose what to do with them. */
export const fkOrphanRows: Rule = (facts, code) => {
  const { keys, live, server, words, wishes, planOf } = facts;
  // Only adopt works on hand-made tables
  const isHandMade = schemaHandMade(facts, 'SCHEMA_HAND_MADE').some(({ effect }) => effect !== 'key-refused');
  const command = `${words.command} ${isHandMade ? 'adopt --repair' : planOf}`;
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
        effect: chosen ? 'mended' : effectOn(fact),
        table,
        key: key.name,
        message: `${describeOrphans(table, key, orphans)}, for instance ${key.columns[0]} = '${sample[0] ?? ''}'${serverAnswer(code, server.flavour)}`,
        remedy: chosen ? `-- None needed: --orphans=${chosen.choice} ${chosen.does}.` : fix.join('\n'),
        details: { ...orphans, choices },
      },
    ];
  });
};

/** A key's parent table does not exist yet, or this user may not see it: the key is left for a later migrate. */
export const fkParentMissing: Rule = ({ keys, access, server, words }, code) =>
  keys
    .filter(({ state }) => state.status === 'deferred')
    .map(({ table, key }) => {
      const parent = key.parentTable;
      const mayBeHidden = access !== null && access.holds !== null && !wouldSee(access.holds, parent);
      const later = `-- Once ${parent} is there: ${words.command} migrate`;
      const grant = mayBeHidden ? `${grantSql(access, ['SELECT', 'REFERENCES'], parent)};` : '';
      return {
        effect: 'deferred',
        table,
        key: key.name,
        message: mayBeHidden
          ? `${key.name} is deferred: its parent table ${parent} does not exist, or ${access.user} may not see it`
          : `${key.name} is deferred: its parent table ${parent} does not exist${serverAnswer(code, server.flavour)}`,
        remedy: mayBeHidden ? `${later}; if it is there already:\n${grant}` : later,
        details: { parent, mayBeHidden },
      };
    });
