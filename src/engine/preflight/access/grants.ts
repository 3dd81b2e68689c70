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
  /`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\.)*)'|"((?:[^"\\]|""|\\.)*)"|([(),.@*])|([^\s(),.@*`'"]+)/gy;

/** Splits a line into names, words and marks; null where it has anything else. */
function tokensOf(line: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line[at] ?? '')) {
      at += 1;
      continue;
    }
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(line);
    if (match === null) return null;
    at = tokenPattern.lastIndex;
    const [, name, single, double, mark, word] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name.replaceAll('``', '`') });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'string', text: single ?? double ?? '' });
  }
  return tokens;
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
  const grants: Grant[] = [];
  for (const line of lines) {
    const grant = parseGrant(line);
    if (grant === 'unreadable') return null;
    if (grant !== null) grants.push(grant);
  }
  return grants;
}
