const widest = 80;
/** Our names are nearly as long: a narrower terminal wraps the lines itself. */
const narrowest = 40;

let width = widest;

/** The width of all text but SQL, which must stay as it is to be pasted. */
export const textWidth = (): number => width;

/** The width of text on a stream with so many columns; `columns` is undefined or 0 for a stream without. */
export const widthFor = (columns: number | undefined): number =>
  columns === undefined || columns === 0 || Number.isNaN(columns)
    ? widest
    : Math.max(narrowest, Math.min(widest, columns));

/** Sets the width of all text from now on: the process has one terminal. */
export function fitText(columns: number | undefined): void {
  width = widthFor(columns);
}

/** Runs `make` with a width that is smaller by a margin, which the caller puts before each line. */
export function narrowed<T>(margin: number, make: () => T): T {
  const before = width;
  width -= margin;
  try {
    return make();
  } finally {
    width = before;
  }
}

/** Words; a quoted SQL name or literal is one word, as a line break inside would change it. */
const words = /(?:(?<=^|[\s(=,])'(?:[^']|'')*'|`[^`]*`|\S)+/g;

function isQuoted(word: string): boolean {
  return /[`'\s]/.test(word);
}

function pieces(word: string, width: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < word.length; start += width) parts.push(word.slice(start, start + width));
  return parts;
}

/** Breaks a text into lines of at most `width`; its own line breaks stay. A longer quoted piece of SQL stays whole. */
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

/** The least width after a label. */
const shortestLine = 8;

const sqlStart =
  /^\s*(?:ALTER|CREATE|DROP|RENAME|TRUNCATE|INSERT|UPDATE|DELETE|REPLACE|SELECT|WITH|SET|SHOW|GRANT|REVOKE|START|COMMIT|ROLLBACK|LOCK|UNLOCK|CALL|FLUSH|ANALYZE)\s/;

const commentStart = /^\s*-- ?/;

/**
 * The lines of an SQL script. Statements stay as they are, to be pasted. Comments are wrapped into more comments, and
 * sentences between the statements into more lines.
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
 * A paragraph after a label, its lines aligned under the first. A text with SQL statements or comments is a script: its
 * statements are not wrapped.
 */
export function labelled(label: string, text: string, indent = 2): string[] {
  // A label about as wide as the terminal stands on a line of its own
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

/** A paragraph without a label. */
export const paragraph = (text: string): string[] => labelled('', text, 0);

/** Wraps the long lines of a text whose lines have margins, such as a help text; each keeps its margin. */
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
