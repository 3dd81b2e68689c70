/** The first fault of a text that should be JSON. */
interface JsonFault {
  /** What the text is or is not: the middle of a sentence. */
  readonly verdict: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The fault in words. Never quotes the text, which may hold a password. */
  readonly reason: string;
}

const blank = /[ \t\r\n]*/y;
const text = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** The most levels that are read; a configuration needs two. */
const deepest = 32;

const twice = { verdict: 'is ambiguous', reason: 'the object already has this name; leave one out' };
const tooDeep = { verdict: 'is no configuration', reason: `it is nested deeper than ${deepest} levels` };

class NotJson extends Error {
  /** @param fault what is wrong, if it is not the grammar */
  constructor(
    readonly offset: number,
    readonly fault: Pick<JsonFault, 'verdict' | 'reason'> | null = null,
  ) {
    super();
  }
}

/** Walks over one JSON text; throws NotJson where the grammar stops. */
function walk(source: string): void {
  let offset = 0;
  let depth = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    if (!pattern.test(source)) return false;
    offset = pattern.lastIndex;
    return true;
  };
  /** Skips the sign if it comes next, after blanks. Returns whether it did. */
  const passes = (sign: string): boolean => {
    skip(blank);
    if (source[offset] !== sign) return false;
    offset += 1;
    return true;
  };
  const expect = (passed: boolean): void => {
    if (!passed) throw new NotJson(offset);
  };
  const list = (end: string, item: () => void): void => {
    if (depth === deepest) throw new NotJson(offset - 1, tooDeep);
    depth += 1;
    if (!passes(end)) {
      item();
      while (!passes(end)) {
        expect(passes(','));
        item();
      }
    }
    depth -= 1;
  };
  const member = (names: Set<string>): void => {
    skip(blank);
    const begin = offset;
    expect(skip(text));
    const name = JSON.parse(source.slice(begin, offset)) as string;
    if (names.has(name)) throw new NotJson(begin, twice);
    names.add(name);
    expect(passes(':'));
    value();
  };
  const value = (): void => {
    if (passes('{')) {
      const names = new Set<string>();
      list('}', () => member(names));
    } else if (passes('[')) list(']', value);
    else expect(skip(text) || skip(scalar));
  };
  value();
  skip(blank);
  expect(offset === source.length);
}

function reasonAt(source: string, offset: number): string {
  const here = source[offset];
  const before = source.slice(0, offset).trimEnd().at(-1);
  if (here === undefined) return source.trim() === '' ? 'the file is empty' : 'the text ends too early';
  if (here === '/' || here === '#') return 'JSON has no comments';
  if ((here === '}' || here === ']') && before === ',') return 'there is a comma too many';
  if (here === "'") return 'JSON needs double quotes';
  if (here === '"' && before !== ':' && before !== ',' && before !== '{' && before !== '[') {
    return 'a comma or a colon is missing before this';
  }
  if (here === '"') return 'this string is not closed, or has a line break or a wrong backslash in it';
  return before === ',' || before === '{'
    ? 'a name in double quotes must stand here'
    : 'this cannot stand here';
}

/**
 * Finds the first place where `source` is not JSON, has a name twice in an object (JSON.parse takes the last one) or is
 * nested too deeply; null if there is none. The message of JSON.parse has no line, differs between versions of Node.js, and
 * quotes the text, which may hold a password.
 */
export function findJsonFault(source: string): JsonFault | null {
  try {
    walk(source);
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
