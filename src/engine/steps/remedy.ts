/** A part of a remedy: one SQL statement, without its semicolon, or a remark. */
export type RemedyPart = { readonly sql: string } | { readonly note: string };

/** A statement. */
export const statement = (sql: string): RemedyPart => ({ sql });
/** A remark. */
export const note = (text: string): RemedyPart => ({ note: text });

/** A remark as comment lines. No name or value in it, whatever its characters, can leave the comment. */
function commentLines(text: string, widest: number): string[] {
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

/** A remedy as SQL to paste: each statement ends with a semicolon, and comments are wrapped at `widest` characters. */
export const remedyText = (parts: readonly RemedyPart[], widest = 90): string =>
  parts.flatMap((part) => ('sql' in part ? [`${part.sql};`] : commentLines(part.note, widest))).join('\n');
