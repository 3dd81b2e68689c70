import { serverName, type Server } from '../../engine/server/server';
import type { Style } from './style';
import { labelled, paragraph } from './wrap';

/** The forms of a command's result that people read: text for a terminal, Markdown for a pull request. */
export interface Output<Result> {
  text(result: Result, style: Style): string[];
  markdown(result: Result): string[];
}

/** `1,200`. */
export const grouped = (count: number): string => count.toLocaleString('en');

/** `1 migration`, `1,200 migrations`. The plural is the word with an s. */
export const counted = (count: number, word: string): string =>
  `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;

/** `2 migrations, 1 key`, without what there is none of. */
export const countedAll = (...counts: readonly (readonly [count: number, word: string])[]): string =>
  counts.flatMap(([count, word]) => (count > 0 ? [counted(count, word)] : [])).join(', ');

/** `Database migratekit_oma on MariaDB 10.11.14`. */
export function databaseName({ database, server }: { database: string; server: Server }): string {
  return `Database ${database} on ${serverName(server)}`;
}

/** The blocks of a result's text behind the line that names its database, an empty line between them; empty blocks are left out. */
export function textAbout(
  result: { database: string; server: Server },
  ...blocks: readonly (readonly string[])[]
): string[] {
  return separated([paragraph(databaseName(result)), ...blocks]);
}

/** Blocks of lines with an empty line between them; empty blocks are left out. */
export function separated(blocks: readonly (readonly string[])[]): string[] {
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** A paragraph whose first words are marked; wrapped before, for a mark has no width. */
export function headed(heading: string, rest: string, mark: (text: string) => string, indent = 0): string[] {
  return labelled('', `${heading}${rest}`, indent).map((line, index) =>
    index === 0 ? line.replace(heading, mark(heading)) : line,
  );
}

/** Names below a heading; nothing where there are none. */
export const namesText = (heading: string, names: readonly string[], { bold }: Style): string[] =>
  names.length === 0 ? [] : [bold(heading), ...names.flatMap((name) => labelled('', name))];
