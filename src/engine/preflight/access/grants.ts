/** What one line of SHOW GRANTS gives, or takes away again. */
export interface Grant {
  /** The user, the role or PUBLIC that has it, as the server writes it. */
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

/** Splits a line into names, words and marks; null where it has anything else. */
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

  /** True, and past it, where the next token is that word or mark. */
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

/** `SELECT, CREATE VIEW, UPDATE (`a`, `b`)` up to ON; null where no ON follows: a role that is granted. */
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

/** `*.*`, `` `db`.* ``, `` `db`.`table` ``; null for routines and proxies, which no table is concerned with. */
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
 * What the lines of SHOW GRANTS say of tables; those of the active roles are among them on both servers. Null where a
 * line is of no known form: what is not understood must not be called missing. Pure.
 */
export function parseGrants(lines: readonly string[]): Grant[] | null {
  const grants = lines.map(parseGrant);
  if (grants.includes('unreadable')) return null;
  return grants.filter((grant) => grant !== null && grant !== 'unreadable');
}

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
