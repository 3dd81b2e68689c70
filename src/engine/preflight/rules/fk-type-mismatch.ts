import { quoteName } from '../../server/queryable';
import { named } from '../../schema/shape';
import { effectOn, obstacleRule } from '../key-findings';
import type { Rule } from '../finding';

const wrongTypes = obstacleRule('FK_TYPE_MISMATCH');

/** MySQL refers to stored columns only (3733, tried); MariaDB to virtual ones too. */
const virtualParents: Rule = ({ keys, live, server }) =>
  keys.flatMap((fact) => {
    const { parentTable, parentColumns, name } = fact.key;
    const column = named(live.get(parentTable)?.columns ?? [], parentColumns[0]);
    const isVirtual = server.flavour === 'mysql' && column?.extra.includes('virtual') === true;
    if (!isVirtual || fact.state.status !== 'to-add') return [];
    return [
      {
        code: 'FK_TYPE_MISMATCH',
        effect: effectOn(fact),
        table: parentTable,
        key: name,
        message: `${parentTable}.${column.name} is a virtual column; ${name} needs a stored one (the server's errno: 3733)`,
        remedy: `-- Drop the column and add it again as STORED, with the expression and the index that this shows:\nSHOW CREATE TABLE ${quoteName(parentTable)};`,
        details: { child: fact.table, parent: parentTable },
      },
    ];
  });

/** The two columns of a key have types that no collation brings together, or one of them is not there. */
export const fkTypeMismatch: Rule = (facts) => [...wrongTypes(facts), ...virtualParents(facts)];
