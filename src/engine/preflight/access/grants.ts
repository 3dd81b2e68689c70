/** One line of SHOW GRANTS: a grant, or a partial revoke. */
export interface Grant {
  /** The user, the role or PUBLIC that has the grant, as the server writes it. */
  readonly grantee: string;
  /** True for MySQL's partial revokes: the global privileges do not hold in that database. */
  readonly revoked: boolean;
  /** A pattern with `_` and `%`, or null for all databases. */
  readonly database: string | null;
  /** Null for all tables. */
  readonly table: string | null;
  /** Upper case; `ALL PRIVILEGES` for all of that scope. */
  readonly privileges: ReadonlySet<string>;
  /** Privileges on some columns only. */
  readonly onColumns: ReadonlyMap<string, readonly string[]>;
}

interface Token {
  readonly text: string;
  readonly kind: 'name' | 'string' | 'word' | 'mark';
}

const tokenPattern =
  /\s*(?:`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\.)*)'|"((?:[^"\\]|""|\\.)*)"|([(),.@*])|([^\s(),.@*`'"]+))/gy;

/** Splits a line into names, strings, words and marks; null where it contains anything else. */
function tokensOf(line: string): Token[] | null {
  const matches = [...line.matchAll(tokenPattern)];
  if (matches.reduce((length, [all]) => length + all.length, 0) < line.trimEnd().length) return null;
  return matches.map(([, name, single, double, mark, word]) => {
    if (name !== undefined) return { kind: 'name', text: name.replaceAll('``', '`') };
    if (mark !== undefined) return { kind: 'mark', text: mark };
    return word === undefined
      ? { kind: 'string', text: single ?? double ?? '' }
      : { kind: 'word', text: word };
  });
}

/** Reads tokens one after the other. */
class Reader {
  private position = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  next(): Token | undefined {
    return this.tokens[this.position++];
  }

  /** Skips the next token where it is that word or mark; false where it is not. */
  skip(text: string): boolean {
    const token = this.tokens[this.position];
    if (token === undefined || token.kind === 'name' || token.text.toUpperCase() !== text) return false;
    this.position += 1;
    return true;
  }
}

function columnList(reader: Reader): string[] {
  const columns: string[] = [];
  do columns.push(reader.next()?.text ?? '');
  while (reader.skip(','));
  reader.skip(')');
  return columns;
}

/** Reads `SELECT, CREATE VIEW, UPDATE (`a`, `b`)` up to ON; null where no ON follows, as in the grant of a role. */
function privilegeList(reader: Reader): Pick<Grant, 'privileges' | 'onColumns'> | null {
  const privileges = new Set<string>();
  const onColumns = new Map<string, string[]>();
  let words: string[] = [];
  const take = (): void => {
    if (words.length > 0) privileges.add(words.join(' '));
    words = [];
  };
  for (;;) {
    if (reader.skip('ON')) {
      take();
      return { privileges, onColumns };
    }
    if (reader.skip(',')) take();
    else if (reader.skip('(')) {
      onColumns.set(words.join(' '), columnList(reader));
      words = [];
    } else {
      const token = reader.next();
      if (token === undefined) return null;
      words.push(token.text.toUpperCase());
    }
  }
}

/** Reads `*.*`, `` `db`.* `` or `` `db`.`table` ``; null for routines and proxies, which concern no table. */
function scopeOf(reader: Reader): Pick<Grant, 'database' | 'table'> | null {
  const first = reader.next();
  if (first === undefined || !reader.skip('.')) return null;
  const second = reader.next();
  if (second === undefined) return null;
  const name = ({ kind, text }: Token): string | null => (kind === 'mark' && text === '*' ? null : text);
  return { database: name(first), table: name(second) };
}

function parseGrant(line: string): Grant | null | 'unreadable' {
  const tokens = tokensOf(line);
  if (tokens === null) return 'unreadable';
  const reader = new Reader(tokens);
  const revoked = reader.skip('REVOKE');
  if (!revoked && !reader.skip('GRANT')) return 'unreadable';
  const list = privilegeList(reader);
  if (list === null) return null;
  const scope = scopeOf(reader);
  if (scope === null) return null;
  if (!reader.skip(revoked ? 'FROM' : 'TO')) return 'unreadable';
  const user = reader.next()?.text ?? '';
  const grantee = reader.skip('@') ? `${user}@${reader.next()?.text ?? ''}` : user;
  return { grantee, revoked, ...scope, ...list };
}

/**
 * Parses the lines of SHOW GRANTS that concern tables. On both servers they include the grants of active roles. Null where a
 * line has an unknown form: a privilege in it must not be reported as missing. Pure.
 */
export function parseGrants(lines: readonly string[]): Grant[] | null {
  const grants = lines.map(parseGrant);
  if (grants.includes('unreadable')) return null;
  return grants.filter((grant) => grant !== null && grant !== 'unreadable');
}

/** Tells whether the user holds a privilege on a table, or on one of its columns. */
export type Holds = (privilege: string, table: string, column?: string) => boolean;

/** How the server reads the names in grants. */
export interface GrantRules {
  readonly database: string;
  /** True with MySQL's partial_revokes: `_` and `%` are no wildcards. */
  readonly literalNames: boolean;
  /** True where table and database names are stored in lower case, or compared so. */
  readonly foldCase: boolean;
  /**
   * True on MySQL with active roles. It then uses the first pattern that matches, in an unknown order (tried). So a privilege
   * under any matching pattern must not be reported as missing.
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

/** The position of a pattern's first wildcard; Infinity without one. A greater value is more specific. */
function specificity(database: string): number {
  const wildcard = /(?<!\\)[_%]/.exec(database.replaceAll('\\\\', '..'));
  return wildcard === null ? Infinity : wildcard.index;
}

/**
 * The grants on the database that count. Of several matching patterns, both servers use only the most specific one, for each
 * user or role separately (tried): SELECT on `my\_db` and INSERT on `my%` give no INSERT on my_db.
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
 * Finds the privileges that a user's grants give in one database. Null where the grants name nothing there, although the user
 * works in it: then other grants let the user in, such as those of MariaDB's anonymous user. Pure.
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
 * The spelling of the database's name for a GRANT to the user, so that the user keeps its other privileges there. (Another
 * spelling makes a second grant, and only the more specific of the two counts.) Null where a grant on the whole database
 * might remove a privilege, or would give more than the user's grants on single tables. Pure.
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

/** True where a grant gives the privilege on the whole server. Administrative privileges exist only there. Pure. */
export function holdsOnServer(grants: readonly Grant[], privilege: string): boolean {
  return grants.some((grant) => grant.database === null && !grant.revoked && gives(grant, privilege));
}

/** The user of CURRENT_USER() as GRANT takes it. The host follows the last @. */
export function quotedUser(currentUser: string): string {
  const at = currentUser.lastIndexOf('@');
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return `${quoted(currentUser.slice(0, at))}@${quoted(currentUser.slice(at + 1))}`;
}

/** True where the catalog shows the user all of the table's columns, or the given one. Pure. */
export function showsColumns(holds: Holds, table: string, column?: string): boolean {
  return ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'].some((privilege) => holds(privilege, table, column));
}

/** True where the user would see the table if it existed: it holds some privilege on the table or its database. Pure. */
export function wouldSee(holds: Holds, table: string): boolean {
  const any = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES'];
  return any.some((privilege) => holds(privilege, table));
}
