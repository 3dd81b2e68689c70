import type { Where } from '../../engine/migrate/results';
import { moodOf, type Mood } from './style';
import type { Table } from './table';
import { databaseName } from './words';

/** Text that stands for itself in Markdown, inside a table's cell and at the beginning of a list's item too. */
export function escaped(text: string): string {
  return text
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|~&]|^[-+]|(?<=^\d+)[.)]/g, (sign) => `\\${sign}`)
    .replaceAll(/\s*\r?\n\s*/g, '<br>');
}

/** The heading of a result, and which database it is about. */
export const heading = ({ ok, ...where }: Where & { ok: boolean }, title: string): string[] => [
  `## ${ok ? '✅' : '❌'} protection-flows ${title}`,
  '',
  escaped(databaseName(where)),
  '',
];

/** A name as code, in which no sign has to be escaped; as words, where it would end the code or a table's cell. */
export const asCode = (name: string): string => (/[`|\\\r\n]/.test(name) ? escaped(name) : `\`${name}\``);

const cellOf = (text: string, holds: Table['columns'][number]['holds']): string => {
  if (holds === 'status') return marked(text);
  return holds === 'code' ? asCode(text) : escaped(text);
};

/** A table; nothing where it has no row. */
export function tableMarkdown({ columns, rows }: Table): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(({ holds }, index) => cellOf(row[index] ?? '', holds)))),
    '',
  ];
}

/** Names as a list of code. */
export const namesMarkdown = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [...names.map((name) => `- ${asCode(name)}`), ''];

/** Code in a block, if there is any; a fence longer than any in the code. */
export function codeBlock(code: string, language: string): string[] {
  if (code === '') return [];
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence + language, ...code.split('\n'), fence, ''];
}

/** Statements in a block. */
export const sqlBlock = (sql: readonly string[]): string[] =>
  codeBlock(sql.map((statement) => `${statement};`).join('\n'), 'sql');

/** A remedy: a command of this program or an SQL script as code, words as words. */
export function remedyBlock(remedy: string): string[] {
  if (/^protection-flows /.test(remedy) && !remedy.includes('\n')) return codeBlock(remedy, 'sh');
  return /;\s*$/m.test(remedy) ? codeBlock(remedy, 'sql') : [escaped(remedy), ''];
}

/** Words with a sign that is seen at a glance. */
export const signed = (mood: Mood, words: string): string =>
  `${{ good: '✅', open: '⚠️', bad: '❌' }[mood]} ${words}`;

const marked = (status: string): string =>
  signed(status === 'skip' ? 'open' : (moodOf(status) ?? 'bad'), status);
