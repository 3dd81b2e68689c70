import type { Where } from '../../engine/migrate/results';
import { moodOf, type Mood } from './style';
import type { Table } from './table';
import { databaseName } from './words';

/** Text as Markdown that shows it unchanged, also in a table's cell and at the beginning of a list item. */
export function escaped(text: string): string {
  return text
    .trim()
    .replaceAll(/[\\`*_{}[\]<>#|~&]|^[-+]|(?<=^\d+)[.)]/g, (sign) => `\\${sign}`)
    .replaceAll(/\s*\r?\n\s*/g, '<br>');
}

/** The heading of a result, with its database. */
export const heading = ({ ok, ...where }: Where & { ok: boolean }, title: string): string[] => [
  `## ${ok ? '✅' : '❌'} protection-flows ${title}`,
  '',
  escaped(databaseName(where)),
  '',
];

/** A name as code; as escaped words if it has a character that would end the code or a table's cell. */
export const asCode = (name: string): string => (/[`|\\\r\n]/.test(name) ? escaped(name) : `\`${name}\``);

const cellOf = (text: string, holds: Table['columns'][number]['holds']): string => {
  if (holds === 'status') return marked(text);
  return holds === 'code' ? asCode(text) : escaped(text);
};

/** A table; nothing if it has no row. */
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

/** A code block, whose fence is longer than any in the code; nothing if the code is empty. */
export function codeBlock(code: string, language: string): string[] {
  if (code === '') return [];
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence + language, ...code.split('\n'), fence, ''];
}

/** SQL statements as a code block. */
export const sqlBlock = (sql: readonly string[]): string[] =>
  codeBlock(sql.map((statement) => `${statement};`).join('\n'), 'sql');

/** A remedy: a command of this program or an SQL script as a code block, a sentence as text. */
export function remedyBlock(remedy: string): string[] {
  if (/^protection-flows /.test(remedy) && !remedy.includes('\n')) return codeBlock(remedy, 'sh');
  return /;\s*$/m.test(remedy) ? codeBlock(remedy, 'sql') : [escaped(remedy), ''];
}

/** Words with a sign for their mood. */
export const signed = (mood: Mood, words: string): string =>
  `${{ good: '✅', open: '⚠️', bad: '❌' }[mood]} ${words}`;

const marked = (status: string): string =>
  signed(status === 'skip' ? 'open' : (moodOf(status) ?? 'bad'), status);
