import { alterSql, checkSql, dropCheckSql, dropForeignKeySql, foreignKeySql } from '../../schema/ddl';
import type { Flavour } from '../../server/server';
import { type FindingEffect, type Rule } from '../finding';
import { effectOn } from '../key-findings';
import type { TakenName } from '../taken-names';

/** The other table's constraint under another name, in one statement. */
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

/** Another table's constraint has the name of one that is yet to be made: a renamed table keeps its names. */
export const constraintNameTaken: Rule = ({ takenNames, keys, server }) =>
  takenNames.map((taken) => {
    const fact = 'foreignKey' in taken.object ? keys.find(({ key }) => key.name === taken.name) : undefined;
    const effect: FindingEffect = fact === undefined ? 'blocking' : effectOn(fact);
    const kind = fact === undefined ? 'CHECK' : 'foreign key';
    const ofKey = server.flavour === 'mariadb' ? '1005 with errno 121, or 1823' : '1826';
    return {
      code: 'CONSTRAINT_NAME_TAKEN',
      effect,
      table: taken.takenBy,
      key: fact?.key.name ?? null,
      message: `the name ${taken.name} is taken by a ${kind} of ${taken.takenBy}; such names are unique in a database (the server's errno: ${fact === undefined ? '3822' : ofKey})`,
      remedy: `-- Gives the other table's constraint another name.\n${renameSql(taken, server.flavour)};`,
      details: { name: taken.name, takenBy: taken.takenBy },
    };
  });
