/** A token of a SQL condition. */
interface Token {
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

/** The tokens of a SQL condition, without introducers such as `_utf8mb4`; null where a part of it is no known token. */
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

/**
 * A part of a parsed condition. MySQL shows a CHECK as (((`flow_type` = _utf8mb4\'backup\') and …) or …), MariaDB as
 * `flow_type` = 'backup' and … or …. Both print what they parsed. So this file parses both again, with the servers'
 * precedence, into one form.
 */
interface Operation {
  readonly operator: string;
  readonly operands: readonly Node[];
}
/** A leaf is a name in backticks, a quoted text, a number or a constant. */
type Node = string | Operation;

/** The binding power of the operators with two operands, left-associative each. */
const binaryPower: Readonly<Record<string, number>> = {
  ...{ or: 1, xor: 2, and: 3 },
  ...{ '=': 5, '<=>': 5, '<>': 5, '<': 5, '<=': 5, '>': 5, '>=': 5, is: 5 },
  ...{ in: 6, between: 6, like: 6, regexp: 6, rlike: 6 },
  ...{ '|': 7, '&': 8, '<<': 9, '>>': 9, '+': 10, '-': 10 },
  ...{ '*': 11, '/': 11, div: 11, mod: 11, '%': 11, '^': 12, collate: 15 },
};
/** `!` binds tighter than NOT: !a = b is (!a) = b. */
const notPower = { word: 4, sign: 14 };
const unaryPower = 13;

const constants = ['null', 'true', 'false', 'unknown'];
/** Words of constructs that this parser does not support: CASE, CAST, INTERVAL. */
const unsupportedWords = [
  'case',
  'when',
  'then',
  'else',
  'end',
  'as',
  'interval',
  'binary',
  'escape',
  'using',
];

const negations: Readonly<Record<string, string>> = {
  ...{ '=': '<>', '<>': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>', and: 'or', or: 'and' },
  ...{ in: 'not in', between: 'not between', like: 'not like', regexp_like: 'not regexp_like', is: 'is not' },
  ...{ 'not in': 'in', 'not between': 'between', 'not like': 'like', 'is not': 'is' },
};
const mirrored: Readonly<Record<string, string>> = { '>': '<', '>=': '<=' };
const commutative = ['=', '<>', '<=>', '+', '*', '&', '|'];

/** A node as a truth value: a column `x` there means `x <> 0`, and MySQL prints it so. */
function truth(node: Node): Node {
  if (typeof node !== 'string' || !/^[`\d]/.test(node)) return node;
  return operation('<>', ['0', node]);
}

/** Negates a node by pushing NOT inwards, as the servers do: exact in three-valued logic. */
function negated(node: Node): Node {
  const inner = truth(node);
  if (typeof inner === 'string') return operation('not', [inner]);
  if (inner.operator === 'not' && inner.operands[0] !== undefined) return inner.operands[0];
  const opposite = negations[inner.operator];
  if (opposite === undefined) return { operator: 'not', operands: [inner] };
  const isLogical = ['and', 'or'].includes(inner.operator);
  return operation(opposite, isLogical ? inner.operands.map(negated) : inner.operands);
}

/** Makes an operation in canonical form: flattened, mirrored and sorted where its meaning stays the same. */
function operation(operator: string, operands: readonly Node[]): Node {
  if (operator === 'and' || operator === 'or') {
    const flat = operands
      .map(truth)
      .flatMap((part) => (typeof part !== 'string' && part.operator === operator ? part.operands : [part]));
    const unique = new Map(flat.map((part) => [print(part), part]));
    const sorted = [...unique.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
    const parts = sorted.map(([, part]) => part);
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { operator, operands: parts };
  }
  if (operator === 'isnull') return { operator: 'is', operands: [...operands, 'null'] };
  if (operator === 'xor') return { operator, operands: sortedNodes(operands.map(truth)) };
  const mirror = mirrored[operator];
  if (mirror !== undefined) return { operator: mirror, operands: [...operands].reverse() };
  const [value, ...list] = operands;
  if (/^(not )?in$/.test(operator) && value !== undefined) {
    if (list.length === 1) return operation(operator === 'in' ? '=' : '<>', operands);
    return { operator, operands: [value, ...sortedNodes(list)] };
  }
  const isSorted = commutative.includes(operator) && operands.length === 2;
  return { operator, operands: isSorted ? sortedNodes(operands) : operands };
}

const sortedNodes = (nodes: readonly Node[]): Node[] =>
  [...nodes].sort((one, other) => (print(one) < print(other) ? -1 : 1));

function print(node: Node): string {
  return typeof node === 'string' ? node : `${node.operator}(${node.operands.map(print).join(',')})`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Thrown, and caught here, for a condition that the parser does not support. */
class Unsupported extends Error {}

class Parser {
  private position = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  /** The whole condition. */
  parse(): Node {
    const node = this.expression(0);
    if (this.position < this.tokens.length) throw new Unsupported();
    return truth(node);
  }

  /** The next token's value where it is a sign or a word. */
  private peek(ahead = 0): string | null {
    const token = this.tokens[this.position + ahead];
    return token?.kind === 'sign' || token?.kind === 'word' ? token.value : null;
  }

  private take(...values: readonly string[]): boolean {
    const next = this.peek();
    if (next === null || !values.includes(next)) return false;
    this.position += 1;
    return true;
  }

  private expect(value: string): void {
    if (!this.take(value)) throw new Unsupported();
  }

  private expression(least: number): Node {
    let left = this.operand();
    for (;;) {
      const isNegated = this.peek() === 'not';
      const operator = this.peek(isNegated ? 1 : 0);
      const power = operator === null ? undefined : binaryPower[operator];
      if (operator === null || power === undefined || power <= least) return left;
      if (isNegated && power !== 6) throw new Unsupported();
      this.position += isNegated ? 2 : 1;
      const node = this.rest(left, operator, power);
      left = isNegated ? negated(node) : node;
    }
  }

  /** Reads the rest of an operation, after its left operand and its operator. */
  private rest(left: Node, operator: string, power: number): Node {
    if (operator === 'is') {
      const isNot = this.take('not');
      const what = this.peek();
      if (what === null || !constants.includes(what)) throw new Unsupported();
      this.position += 1;
      return operation(isNot ? 'is not' : 'is', [left, what]);
    }
    if (operator === 'in') {
      this.expect('(');
      return operation('in', [left, ...this.list()]);
    }
    if (operator === 'between') {
      const low = this.expression(power);
      this.expect('and');
      return operation('between', [left, low, this.expression(power)]);
    }
    const names: Record<string, string> = { regexp: 'regexp_like', rlike: 'regexp_like', mod: '%' };
    return operation(names[operator] ?? operator, [left, this.expression(power)]);
  }

  /** Reads conditions separated by commas, up to the closing parenthesis. */
  private list(): Node[] {
    if (this.take(')')) return [];
    const nodes = [this.expression(0)];
    while (this.take(',')) nodes.push(this.expression(0));
    this.expect(')');
    return nodes;
  }

  private operand(): Node {
    const token = this.tokens[this.position];
    if (token === undefined) throw new Unsupported();
    this.position += 1;
    const { kind, value } = token;
    if (kind === 'text') return quoted(value);
    if (kind === 'number') return value;
    if (kind === 'name') return this.column(value);
    if (value === 'not' || value === '!')
      return negated(this.expression(value === '!' ? notPower.sign : notPower.word));
    if (value === '-' || value === '~') return operation(`unary${value}`, [this.expression(unaryPower)]);
    if (value === '(') {
      const nodes = this.list();
      const [only] = nodes;
      return nodes.length === 1 && only !== undefined ? only : operation('row', nodes);
    }
    if (kind === 'sign' || value in binaryPower || unsupportedWords.includes(value)) throw new Unsupported();
    if (this.take('(')) return operation(value, this.list());
    return constants.includes(value) ? value : this.column(value);
  }

  /** Reads a column. Of a qualified one only the last name counts: a CHECK names one table only. */
  private column(first: string): string {
    let name = first;
    while (this.take('.')) {
      const next = this.tokens[this.position];
      if (next?.kind !== 'name' && next?.kind !== 'word') throw new Unsupported();
      this.position += 1;
      name = next.value;
    }
    return '`' + name + '`';
  }
}

/**
 * A SQL condition in canonical form. Two conditions with equal forms mean the same, however a server prints them. For
 * a condition that the parser does not support (CASE, CAST) the form is its tokens.
 */
export function canonicalExpression(sql: string): string {
  const tokens = tokensOf(sql);
  if (tokens === null) return `unread ${sql}`;
  try {
    return print(new Parser(tokens).parse());
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    return `unparsed ${tokens.map(({ kind, value }) => (kind === 'text' ? quoted(value) : value)).join(' ')}`;
  }
}

/** True when two SQL conditions differ only in spelling: quotes, introducers, case, order, parentheses. */
export function sameExpression(left: string, right: string): boolean {
  return canonicalExpression(left) === canonicalExpression(right);
}
