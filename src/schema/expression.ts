/**
 * Comparing SQL conditions as the servers print them. MySQL shows a CHECK as
 * (((`flow_type` = _utf8mb4\'backup\') and …) or …), MariaDB as `flow_type` = 'backup' and … or …; both print what
 * they parsed, so a comparison of parsed forms is exact where one of texts, or of texts without parentheses, is not.
 */

const tokenPattern =
  /\s+|`((?:[^`]|``)+)`|(?:_\w+\s*)?\\?'((?:[^'\\]|''|\\\\)*)\\?'|(\w+(?:\.\w+)?)|([<>!=]+|&&|\|\||[^\s\w])/gy;

function tokens(sql: string): string[] {
  const found: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < sql.length) {
    const match = tokenPattern.exec(sql);
    if (match === null) return [sql];
    const [, name, text, word, sign] = match;
    if (name !== undefined) found.push(name.toLowerCase());
    else if (text !== undefined) found.push(`'${text}'`);
    else if (word !== undefined) found.push(word.toLowerCase());
    else if (sign !== undefined) found.push({ '&&': 'and', '||': 'or', '!=': '<>' }[sign] ?? sign);
  }
  return found;
}

/** A condition: a predicate as text, or an operator over conditions. */
type Condition =
  string | { readonly operator: 'or' | 'and' | 'not'; readonly operands: readonly Condition[] };

/** A condition with `or` and `and` flattened and redundant parentheses gone. */
function parse(list: readonly string[]): Condition {
  let position = 0;

  function group(operator: 'or' | 'and', operand: () => Condition): Condition {
    const operands = [operand()];
    while (list[position] === operator) {
      position += 1;
      operands.push(operand());
    }
    const [only] = operands;
    if (operands.length === 1 && only !== undefined) return only;
    return {
      operator,
      operands: operands.flatMap((part) =>
        typeof part === 'object' && part.operator === operator ? part.operands : [part],
      ),
    };
  }

  /** The conditions of a parenthesis that was just opened. */
  function parenthesised(): Condition[] {
    const inside = [condition()];
    while (list[position] === ',') {
      position += 1;
      inside.push(condition());
    }
    position += 1;
    return inside;
  }

  function predicate(): Condition {
    if (list[position] === 'not') {
      position += 1;
      return { operator: 'not', operands: [predicate()] };
    }
    const parts: Condition[] = [];
    while (position < list.length && !['and', 'or', ')', ','].includes(list[position] ?? '')) {
      const token = list[position] ?? '';
      position += 1;
      if (token !== '(') {
        parts.push(token);
        continue;
      }
      const inside = parenthesised();
      const [only] = inside;
      const before = parts.at(-1);
      const isList = typeof before === 'string' && /^\w+$/.test(before);
      parts.push(
        !isList && inside.length === 1 && only !== undefined ? only : `(${inside.map(print).join(',')})`,
      );
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : parts.map(print).join(' ');
  }

  const conjunction = (): Condition => group('and', predicate);
  const condition = (): Condition => group('or', conjunction);
  const whole = condition();
  return position >= list.length ? whole : `${print(whole)} ${list.slice(position).join(' ')}`;
}

function print(node: Condition): string {
  if (typeof node === 'string') return node;
  return `${node.operator}[${node.operands.map(print).join(' | ')}]`;
}

/** A SQL condition in a form that is equal for equal conditions, however a server prints them. */
export function canonicalExpression(sql: string): string {
  return print(parse(tokens(sql)));
}

/** True when two SQL conditions are the same but for spelling: quotes, introducers, case, needless parentheses. */
export function sameExpression(left: string, right: string): boolean {
  return canonicalExpression(left) === canonicalExpression(right);
}
