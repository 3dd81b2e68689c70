const widest = 80;
/** Our names have nearly as many letters: on a narrower terminal we do not wrap, the terminal does. */
const narrowest = 40;

let width = widest;

/** The width that every text output keeps to, SQL excepted: it must stay as it is to be pasted. */
export const textWidth = (): number => width;

/** The width of text on a stream with that number of columns: undefined or 0 for a stream without columns. */
export const widthFor = (columns: number | undefined): number =>
  columns === undefined || columns === 0 || Number.isNaN(columns)
    ? widest
    : Math.max(narrowest, Math.min(widest, columns));

/** Sets the width of all text from here on: the process has one terminal. */
export function fitText(columns: number | undefined): void {
  width = widthFor(columns);
}

/** Makes text narrower by a margin, which the caller puts before each line. */
export function narrowed<T>(margin: number, make: () => T): T {
  const before = width;
  width -= margin;
  try {
    return make();
  } finally {
    width = before;
  }
}

/** Words, where a quoted SQL name or literal is one word: a line break inside would change it. */
const words = /(?:(?<=^|[\s(=,])'(?:[^']|'')*'|`[^`]*`|\S)+/g;

function isQuoted(word: string): boolean {
  return /[`'\s]/.test(word);
}

function pieces(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < word.length; start += width) parts.push(word.slice(start, start + width));
  return parts;
}

/**
 * Breaks a text into lines of at most `width`; its own line breaks stay. A quoted piece of SQL that is longer stays
 * whole, and its line is longer too.
 */
export function wrap(text: string, width: number): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const lines: string[] = [];
    let current = '';
    for (const word of (line.match(words) ?? []).flatMap((long) =>
      isQuoted(long) ? [long] : pieces(long, width),
    )) {
      if (current === '') current = word;
      else if (current.length + 1 + word.length <= width) current += ` ${word}`;
      else {
        lines.push(current);
        current = word;
      }
    }
    return [...lines, current];
  });
}

/** Like {@link wrap}, but no line is ever longer than `width`. */
export function wrapHard(text: string, width: number): string[] {
  return wrap(text, width).flatMap((line) => (line === '' ? [''] : pieces(line, width)));
}

/** What a line has left behind its label, at least. */
const shortestLine = 8;

const sqlStart =
  /^\s*(?:ALTER|CREATE|DROP|RENAME|TRUNCATE|INSERT|UPDATE|DELETE|REPLACE|SELECT|WITH|SET|SHOW|GRANT|REVOKE|START|COMMIT|ROLLBACK|LOCK|UNLOCK|CALL|FLUSH|ANALYZE)\s/;

const commentStart = /^\s*-- ?/;

/**
 * The lines of an SQL script. Statements stay as they are, for they are to be pasted; a comment is wrapped, into more
 * comments, and so is a sentence between the statements.
 */
function scriptLines(lines: readonly string[], width: number): string[] {
  let isInside = false;
  return lines.flatMap((line) => {
    if (!isInside && commentStart.test(line))
      return wrap(line.replace(commentStart, ''), width - 3).map((part) => `-- ${part}`);
    if (!isInside && !sqlStart.test(line)) return wrap(line, width);
    isInside = !line.trimEnd().endsWith(';');
    return [line.trimEnd()];
  });
}

/**
 * A paragraph behind a label, its lines aligned under the first. Where it holds SQL statements or comments, it is a
 * script: statements are not wrapped, and stand on lines of their own.
 */
export function labelled(label: string, text: string, indent = 2): string[] {
  // A label that is as wide as the terminal stands alone
  if (indent + label.length > width - shortestLine && label.length > 8)
    return [`${' '.repeat(indent)}${label}`.trimEnd(), ...labelled('', text, indent + 2)];
  const first = `${' '.repeat(indent)}${label}`;
  const margin = ' '.repeat(first.length);
  const left = Math.max(shortestLine, width - first.length);
  const given = text.split(/\r?\n/);
  const isScript = given.some((line) => sqlStart.test(line) || /^\s*-- /.test(line));
  const lines = isScript ? scriptLines(given, left) : given.flatMap((line) => wrap(line, left));
  return lines.map((line, index) => `${index === 0 ? first : margin}${line}`.trimEnd());
}

/** A paragraph alone. */
export const paragraph = (text: string): string[] => labelled('', text, 0);

/** A text of lines with a margin of their own, such as a help text: longer ones are wrapped behind it. */
export function fitted(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => {
      if (line.length <= width) return [line];
      const margin = /^ */.exec(line)?.[0] ?? '';
      const [first = '', ...others] = wrap(line.trim(), width - margin.length - 2);
      return [`${margin}${first}`, ...others.map((other) => `${margin}  ${other}`)];
    })
    .join('\n');
}
