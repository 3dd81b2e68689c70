/** The width that every text output keeps to, SQL excepted: it must stay as it is to be pasted. */
export const textWidth = 80;

/** Words, where a quoted SQL name or literal is one word: a line break inside would change it. */
const words = /(?:(?<=^|[\s(=,])'(?:[^']|'')*'|`[^`]*`|\S)+/g;

function isQuoted(word: string): boolean {
  return /[`'\s]/.test(word);
}

/** A word in pieces that fit. */
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

const sqlStart =
  /^\s*(?:ALTER|CREATE|DROP|RENAME|TRUNCATE|INSERT|UPDATE|DELETE|REPLACE|SELECT|WITH|SET|SHOW|GRANT|REVOKE|START|COMMIT|ROLLBACK|LOCK|UNLOCK|CALL|FLUSH|ANALYZE)\s/;

const commentStart = /^\s*-- ?/;

/** A line of an SQL script as it is, for it is to be pasted; a comment may be wrapped, into more comments. */
function scriptLine(line: string, width: number): string[] {
  if (!commentStart.test(line)) return [line.trimEnd()];
  return wrap(line.replace(commentStart, ''), width - 3).map((part) => `-- ${part}`);
}

/**
 * A paragraph behind a label, its lines aligned under the first. Where it holds SQL statements or comments, it is a
 * script: statements are not wrapped, and stand on lines of their own.
 */
export function labelled(label: string, text: string, indent = 2): string[] {
  const first = `${' '.repeat(indent)}${label}`;
  const margin = ' '.repeat(first.length);
  const width = textWidth - first.length;
  const given = text.split(/\r?\n/);
  const isScript = given.some((line) => sqlStart.test(line) || /^\s*-- /.test(line));
  const lines = given.flatMap((line) => (isScript ? scriptLine(line, width) : wrap(line, width)));
  return lines.map((line, index) => `${index === 0 ? first : margin}${line}`.trimEnd());
}
