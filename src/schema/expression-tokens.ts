/** A lexical unit of a SQL condition. */
export interface Token {
  readonly kind: 'name' | 'text' | 'number' | 'word' | 'sign';
  /** In one spelling: names and words in lower case, a text without quotes and escapes. */
  readonly value: string;
}

const pattern = new RegExp(
  [
    String.raw`(?<blank>\s+)`,
    '`(?<name>(?:[^`]|``)+)`',
    String.raw`(?<number>0x[0-9a-f]+|[xb]'[0-9a-f]*'|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`,
    String.raw`(?:(?:_[a-z]\w*|n)\s*)?(?:'(?<single>(?:[^'\\]|''|\\.)*)'|"(?<double>(?:[^"\\]|""|\\.)*)")`,
    String.raw`(?<word>[\p{L}_$][\p{L}\p{N}_$]*)`,
    String.raw`(?<sign><=>|<<|>>|<=|>=|<>|!=|&&|\|\||[-+*/%^&|~!=<>(),.])`,
  ].join('|'),
  'giuys',
);

const signs: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '!=': '<>' };

/** MySQL's catalog shows a clause with its quotes and backslashes escaped once more: `_utf8mb4\'backup\'`. */
function unescaped(sql: string): string {
  const quote = sql.indexOf("'");
  return quote > 0 && sql[quote - 1] === '\\' ? sql.replaceAll(/\\(.)/gsu, '$1') : sql;
}

const textOf = (inside: string, quote: string): string =>
  inside.replaceAll(quote + quote, quote).replaceAll(/\\(.)/gsu, '$1');

/** The tokens of a SQL condition, without introducers such as `_utf8mb4`; null where something is not understood. */
export function tokensOf(sql: string): Token[] | null {
  const source = unescaped(sql);
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < source.length) {
    const groups = pattern.exec(source)?.groups;
    if (groups === undefined) return null;
    const { name, number, single, double, word, sign } = groups;
    if (name !== undefined) found.push({ kind: 'name', value: name.replaceAll('``', '`').toLowerCase() });
    else if (number !== undefined) found.push({ kind: 'number', value: number.toLowerCase() });
    else if (single !== undefined) found.push({ kind: 'text', value: textOf(single, "'") });
    else if (double !== undefined) found.push({ kind: 'text', value: textOf(double, '"') });
    else if (word !== undefined) found.push({ kind: 'word', value: word.toLowerCase() });
    else if (sign !== undefined) found.push({ kind: 'sign', value: signs[sign] ?? sign });
  }
  return found;
}
