import { quoteName } from '../../schema/queryable';
import { missingPrivileges, type NeededPrivilege } from '../access/needed-privileges';
import type { Access } from '../access/read-access';
import type { Rule } from '../rule';

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

/** What the user lacks for the next migrate: one finding for each table, with all that is missing there. */
export const privilegeMissing: Rule = (facts) => {
  const { access, live, hidden } = facts;
  const own = [facts.historyTable, facts.lockTable].filter(({ exists }) => exists).map(({ name }) => name);
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
    const isThere = live.has(table) || hidden.has(table) || own.includes(table);
    // No server grants anything on a table that does not exist, unless CREATE is among it (1146, tried)
    const toGrant = isThere ? privileges : [...new Set(['CREATE', ...privileges])];
    return [
      {
        code: 'PRIVILEGE_MISSING',
        effect: key === null ? 'blocking' : 'key-refused',
        table,
        key,
        message: `${access.user} lacks ${privileges.join(', ')} on ${table}, which migrate needs${key === null ? '' : ` for ${key}`}`,
        remedy: `-- To be executed by a user who may grant it:\n${grantSql(access, toGrant, table)};`,
        details: { user: access.user, scope: `${access.database}.${table}`, privileges },
      },
    ];
  });
};
