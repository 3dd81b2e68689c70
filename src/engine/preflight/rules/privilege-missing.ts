import { quoteName } from '../../server/queryable';
import { missingPrivileges, type NeededPrivilege } from '../access/needed-privileges';
import type { Access } from '../access/read-access';
import type { Facts } from '../facts';
import type { Rule } from '../finding';

/** GRANT on one table, without its semicolon. */
export function grantSql(access: Access, privileges: readonly string[], table: string): string {
  return `GRANT ${privileges.join(', ')} ON ${quoteName(access.database)}.${quoteName(table)} TO ${access.user}`;
}

function byTable(missing: readonly NeededPrivilege[]): Map<string, NeededPrivilege[]> {
  const groups = new Map<string, NeededPrivilege[]>();
  for (const need of missing) {
    const id = `${need.table} ${need.key ?? ''}`;
    groups.set(id, [...(groups.get(id) ?? []), need]);
  }
  return groups;
}

/**
 * The shortest list that gives all that is missing: one GRANT on the whole database where the user's grants are such,
 * else one on each table.
 */
function grantList(
  { access, live, hidden, historyTable, lockTable, quarantines }: Facts,
  missing: readonly NeededPrivilege[],
) {
  if (access === null) return '';
  const made = [historyTable, lockTable].filter(({ exists }) => exists).map(({ name }) => name);
  const own = [...made, ...[...quarantines.values()].flat()];
  const tables = [...new Set(missing.map(({ table }) => table))];
  if (access.grantScope !== null && tables.length > 1) {
    const privileges = [...new Set(missing.map(({ privilege }) => privilege))].sort();
    return `GRANT ${privileges.join(', ')} ON ${quoteName(access.grantScope)}.* TO ${access.user};`;
  }
  const grants = tables.map((table) => {
    const privileges = missing.filter((need) => need.table === table).map(({ privilege }) => privilege);
    const isThere = live.has(table) || hidden.has(table) || own.includes(table);
    // No server grants anything on a table that does not exist, unless CREATE is among it (1146, tried)
    return `${grantSql(access, [...new Set([...(isThere ? [] : ['CREATE']), ...privileges])], table)};`;
  });
  return grants.join('\n');
}

/**
 * What the user lacks for the next migrate: one finding for each table, with all that is missing there, and one
 * fix for all of them.
 */
export const privilegeMissing: Rule = (facts) => {
  const { access } = facts;
  if (access === null || access.holds === null) return [];
  const missing = missingPrivileges(facts, access.holds);
  const forAll = missing.filter(({ key }) => key === null);
  const forKeys = missing.filter(
    (need) =>
      need.key !== null &&
      !forAll.some((one) => one.table === need.table && one.privilege === need.privilege),
  );
  return [...byTable([...forAll, ...forKeys]).values()].flatMap((needs) => {
    const [first] = needs;
    if (first === undefined) return [];
    const { table, key } = first;
    const privileges = [...new Set(needs.map((need) => need.privilege))];
    return [
      {
        code: 'PRIVILEGE_MISSING',
        effect: key === null ? 'blocking' : 'key-refused',
        table,
        key,
        message: `${access.user} lacks ${privileges.join(', ')} on ${table}, which migrate needs${key === null ? '' : ` for ${key}`}`,
        remedy: `-- To be executed by a user who may grant it:\n${grantList(facts, missing)}`,
        details: { user: access.user, scope: `${access.database}.${table}`, privileges },
      },
    ];
  });
};
