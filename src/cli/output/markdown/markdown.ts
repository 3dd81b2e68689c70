import type { Difference } from '../../../engine/schema/compare';
import { andMore, differenceRows } from '../differences-text';

/** Text that stands for itself in Markdown, inside a table's cell too. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<>#|~]/g, (sign) => `\\${sign}`)
    .replaceAll(/\s*\r?\n\s*/g, '<br>')
    .trim();
}

/** A table; its cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** Code in a block; a fence longer than any in the code. */
export function codeBlock(code: string, language: string): string[] {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence + language, ...code.split('\n'), fence, ''];
}

/** A remedy: a command of this program or an SQL script as code, words as words. */
export function remedyBlock(remedy: string): string[] {
  if (/^protection-flows /.test(remedy) && !remedy.includes('\n')) return codeBlock(remedy, 'sh');
  return /;\s*$/m.test(remedy) ? codeBlock(remedy, 'sql') : [escaped(remedy), ''];
}

/** A status with a mark that is seen at a glance. */
export function marked(status: string): string {
  if (/^(pass|applied|present|added|proven|mended)$/.test(status)) return `✅ ${status}`;
  if (/^(deferred|pending|to-add|skip)$/.test(status)) return `⚠️ ${status}`;
  return `❌ ${status}`;
}

/** Differences as a table, the first ten; one alone is told by its sentence. */
export function differencesBlock(differences: readonly Difference[]): string[] {
  if (differences.length < 2) return [];
  const { rows, more } = differenceRows(differences);
  return [
    ...markdownTable(
      ['Object', 'Expected', 'Found'],
      rows.map((cells) => cells.map(escaped)),
    ),
    ...(more > 0 ? [andMore(more), ''] : []),
  ];
}
