/** A part of a remedy: one SQL statement, without its semicolon, or a remark. */
export type RemedyPart = { readonly sql: string } | { readonly note: string };

/** A statement. */
export const statement = (sql: string): RemedyPart => ({ sql });
/** A remark. */
export const note = (text: string): RemedyPart => ({ note: text });

const widest = 90;

/** A remark as comment lines. Whatever a name or value in it holds, nothing of it is ever outside the comment. */
function commentLines(text: string): string[] {
  const lines: string[] = [];
  let line = '--';
  for (const word of text.split(/[\s\u0000-\u001f\u007f\u0085\u2028\u2029]+/)) {
    if (line.length + word.length >= widest && line !== '--') {
      lines.push(line);
      line = '--';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A remedy as it is printed: statements, each ended by a semicolon, and comments. Paste-ready. */
export function remedyText(parts: readonly RemedyPart[]): string {
  return parts.flatMap((part) => ('sql' in part ? [`${part.sql};`] : commentLines(part.note))).join('\n');
}

/** The parts of a remedy that was written as text: SQL where its lines start with statements, else a remark. */
export function partsOf(text: string): RemedyPart[] {
  if (!/^\s*(ALTER|CREATE|DELETE|DROP|INSERT|RENAME|SET|UPDATE)\b/m.test(text)) return [note(text)];
  const parts: RemedyPart[] = [];
  let sql: string[] = [];
  for (const line of text.split('\n')) {
    if (sql.length === 0 && line.startsWith('--')) {
      parts.push(note(line.replace(/^--\s*/, '')));
      continue;
    }
    sql.push(line);
    if (!line.trimEnd().endsWith(';')) continue;
    parts.push(statement(sql.join('\n').trimEnd().slice(0, -1)));
    sql = [];
  }
  if (sql.join('').trim() !== '') parts.push(note(sql.join(' ')));
  return parts;
}
