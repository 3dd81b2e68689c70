import type { Grant } from './grants';

/** Whether a privilege is held on a table, or on one column of it. */
export type Holds = (privilege: string, table: string, column?: string) => boolean;

/** How the server reads the names in grants. */
export interface GrantRules {
  readonly database: string;
  /** True with MySQL's partial_revokes: `_` and `%` stand for themselves. */
  readonly literalNames: boolean;
  /** True where table and database names are stored in lower case, or compared so. */
  readonly foldCase: boolean;
  /**
   * True on MySQL with active roles: it then takes the first pattern that matches, in an order of its own (tried), so
   * that a privilege under any of them must not be called missing.
   */
  readonly anyPattern: boolean;
}

const all = 'ALL PRIVILEGES';
const gives = (grant: Grant, privilege: string): boolean =>
  grant.privileges.has(privilege) || grant.privileges.has(all);

/** A database pattern of a grant as a regular expression. */
function patternOf(database: string): RegExp {
  const source = database.replace(/\\(.)|([\s\S])/g, (_match, escaped?: string, plain?: string) => {
    if (plain === '_') return '.';
    if (plain === '%') return '.*';
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** Where its first wildcard is; names without one come first. */
function specificity(database: string): number {
  const wildcard = /(?<!\\)[_%]/.exec(database.replaceAll('\\\\', '..'));
  return wildcard === null ? Infinity : wildcard.index;
}

/**
 * Of several grants on databases whose patterns match, both servers look at the most specific alone, for each user or
 * role apart (tried): SELECT on `my\_db` and INSERT on `my%` give no INSERT on my_db.
 * @see https://dev.mysql.com/doc/refman/8.4/en/grant.html#grant-database-privileges
 */
function databaseGrants(grants: readonly Grant[], rules: GrantRules): Grant[] {
  const fold = (name: string): string => (rules.foldCase ? name.toLowerCase() : name);
  const matching = grants.filter(({ database, table, revoked }) => {
    if (database === null || table !== null || revoked) return false;
    const name = fold(database);
    return rules.literalNames ? name === fold(rules.database) : patternOf(name).test(fold(rules.database));
  });
  if (rules.anyPattern) return matching;
  const best = new Map<string, number>();
  for (const { grantee, database } of matching) {
    best.set(grantee, Math.max(best.get(grantee) ?? -1, specificity(database ?? '')));
  }
  return matching.filter(({ grantee, database }) => specificity(database ?? '') === best.get(grantee));
}

/**
 * Says what a user holds in one database, by its grants; null where the grants name nothing there at all, though the
 * user works in it: what lets it in (MariaDB's grants of the anonymous user) is not in its own grants. Pure.
 */
export function privilegesIn(grants: readonly Grant[], rules: GrantRules): Holds | null {
  const fold = (name: string): string => (rules.foldCase ? name.toLowerCase() : name);
  const here = (grant: Grant): boolean =>
    grant.database !== null && fold(grant.database) === fold(rules.database);
  const onServer = grants.filter(({ database, revoked }) => database === null && !revoked);
  const revoked = grants.filter((grant) => grant.revoked && here(grant));
  const onDatabase = databaseGrants(grants, rules);
  const onTables = grants.filter((grant) => grant.table !== null && !grant.revoked && here(grant));
  const isNothing = (grant: Grant): boolean => [...grant.privileges].every((one) => one === 'USAGE');
  if (onDatabase.length === 0 && onTables.length === 0 && onServer.every(isNothing)) return null;

  return (privilege, table, column) => {
    if (onServer.some((grant) => gives(grant, privilege)) && !revoked.some((one) => gives(one, privilege)))
      return true;
    if (onDatabase.some((grant) => gives(grant, privilege))) return true;
    return onTables
      .filter((grant) => fold(grant.table ?? '') === fold(table))
      .some(
        (grant) =>
          gives(grant, privilege) ||
          (column !== undefined && (grant.onColumns.get(privilege)?.includes(column) ?? false)),
      );
  };
}

/**
 * The database's name as a GRANT to the user has to spell it, so that the user keeps what it holds there; null where a
 * grant on the whole database might take something away, or would give more than the user's grants on single tables.
 * A second spelling would be a second grant, and the more specific of the two alone would count. Pure.
 *
 * @param currentUser as CURRENT_USER() shows it
 */
export function databaseToGrantOn(
  grants: readonly Grant[],
  rules: GrantRules,
  currentUser: string,
): string | null {
  if (rules.anyPattern) return null;
  const own = grants.filter(({ grantee, revoked }) => grantee === currentUser && !revoked);
  const spellings = new Set(databaseGrants(own, rules).map(({ database }) => database));
  const [spelling] = spellings;
  if (spellings.size > 1 || own.some(({ table }) => table !== null)) return null;
  const literal = rules.literalNames ? rules.database : rules.database.replaceAll(/[\\_%]/g, '\\$&');
  return spelling ?? (own.length === 0 ? null : literal);
}

/** Whether a privilege is held on the whole server: the administrative ones exist there only. Pure. */
export function holdsOnServer(grants: readonly Grant[], privilege: string): boolean {
  return grants.some((grant) => grant.database === null && !grant.revoked && gives(grant, privilege));
}

/** The user of CURRENT_USER() as GRANT takes it: the host is behind the last @. */
export function quotedUser(currentUser: string): string {
  const at = currentUser.lastIndexOf('@');
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return `${quoted(currentUser.slice(0, at))}@${quoted(currentUser.slice(at + 1))}`;
}

/** True where the catalog shows the table's columns, all of them or the one. Pure. */
export function showsColumns(holds: Holds, table: string, column?: string): boolean {
  return ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'].some((privilege) => holds(privilege, table, column));
}

/** True where a table would be visible if it were there: the user holds something on it, or on its database. Pure. */
export function wouldSee(holds: Holds, table: string): boolean {
  const any = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES'];
  return any.some((privilege) => holds(privilege, table));
}
