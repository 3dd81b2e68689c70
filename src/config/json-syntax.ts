/** Where a text stops being JSON that has one meaning. */
export interface JsonFault {
  /** What the text is, or is not: the middle of a sentence. */
  readonly verdict: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The mistake, in words; never a piece of the text, which may hold a password. */
  readonly reason: string;
}

const blank = /[ \t\r\n]*/y;
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** A configuration needs two. */
const deepest = 32;

class NotJson extends Error {
  /** @param fault what is wrong, where it is not the grammar */
  constructor(
    readonly offset: number,
    readonly fault: Pick<JsonFault, 'verdict' | 'reason'> | null = null,
  ) {
    super();
  }
}

const twice = { verdict: 'is ambiguous', reason: 'the object has this name already; leave one out' };
const tooDeep = { verdict: 'is no configuration', reason: `it is nested deeper than ${deepest} levels` };

/** Walks over one JSON text, and stops where the grammar does. */
class Walker {
  private offset = 0;
  private depth = 0;

  constructor(private readonly source: string) {}

  document(): void {
    this.value();
    this.skip(blank);
    if (this.offset < this.source.length) throw new NotJson(this.offset);
  }

  private value(): void {
    this.skip(blank);
    const first = this.source[this.offset];
    if (first === '{') {
      const names = new Set<string>();
      this.list('}', () => this.member(names));
    } else if (first === '[') this.list(']', () => this.value());
    else if (!this.skip(first === '"' ? text : scalar)) throw new NotJson(this.offset);
  }

  private member(names: Set<string>): void {
    this.skip(blank);
    const begin = this.offset;
    if (!this.skip(text)) throw new NotJson(begin);
    const name = JSON.parse(this.source.slice(begin, this.offset)) as string;
    if (names.has(name)) throw new NotJson(begin, twice);
    names.add(name);
    this.expect(':');
    this.value();
  }

  private list(end: string, item: () => void): void {
    if (this.depth === deepest) throw new NotJson(this.offset, tooDeep);
    this.depth++;
    this.items(end, item);
    this.depth--;
  }

  private items(end: string, item: () => void): void {
    this.offset++;
    this.skip(blank);
    if (this.source[this.offset] === end) {
      this.offset++;
      return;
    }
    for (;;) {
      item();
      this.skip(blank);
      if (this.source[this.offset] === end) break;
      this.expect(',');
    }
    this.offset++;
  }

  private expect(character: string): void {
    this.skip(blank);
    if (this.source[this.offset] !== character) throw new NotJson(this.offset);
    this.offset++;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    if (!pattern.test(this.source)) return false;
    this.offset = pattern.lastIndex;
    return true;
  }
}

function reasonAt(source: string, offset: number): string {
  const here = source[offset];
  const before = source.slice(0, offset).trimEnd().at(-1);
  if (here === undefined) return source.trim() === '' ? 'the file is empty' : 'the text ends too early';
  if (here === '/' || here === '#') return 'JSON has no comments';
  if ((here === '}' || here === ']') && before === ',') return 'there is a comma too many';
  if (here === "'") return 'JSON wants double quotes';
  if (here === '"' && before !== ':' && before !== ',' && before !== '{' && before !== '[') {
    return 'a comma or a colon is missing before this';
  }
  if (here === '"') return 'this string is not closed, or has a line break or a wrong backslash in it';
  return before === ',' || before === '{'
    ? 'a name in double quotes is wanted here'
    : 'this cannot stand here';
}

/**
 * Finds the first place where `source` is not JSON, says a name twice (JSON.parse takes the last one) or is nested too
 * deeply, or null where all is well. JSON.parse's own message has no line,
 * differs between Node.js versions and quotes the text, with a password in it perhaps.
 */
export function findJsonFault(source: string): JsonFault | null {
  try {
    new Walker(source).document();
    return null;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const before = source.slice(0, error.offset).split('\n');
    return {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      ...(error.fault ?? { verdict: 'is not JSON', reason: reasonAt(source, error.offset) }),
    };
  }
}
