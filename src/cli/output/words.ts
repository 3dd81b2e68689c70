import { serverName, type Server } from '../../engine/server/server';
import type { Style } from './style';
import { labelled, paragraph } from './wrap';

/** How a command's result is printed for people: as text for a terminal, as Markdown for a pull request. */
export interface Output<Result> {
  text(result: Result, style: Style): string[];
  markdown(result: Result): string[];
}

/** `1,200`. */
export const grouped = (count: number): string => count.toLocaleString('en');

/** `1 migration`, `1,200 migrations`: the plural adds an s. */
export const counted = (count: number, word: string): string =>
  `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;

/** `2 migrations, 1 key`; counts of 0 are left out. */
export const countedAll = (...counts: readonly (readonly [count: number, word: string])[]): string =>
  counts.flatMap(([count, word]) => (count > 0 ? [counted(count, word)] : [])).join(', ');

/** `Database migratekit_oma on MariaDB 10.11.14`. */
export function databaseName({ database, server }: { database: string; server: Server }): string {
  return `Database ${database} on ${serverName(server)}`;
}

/** A result's text: the line that names its database, then the blocks, as {@link separated}. */
export function textAbout(
  result: { database: string; server: Server },
  ...blocks: readonly (readonly string[])[]
): string[] {
  return separated([paragraph(databaseName(result)), ...blocks]);
}

/** Joins blocks of lines with an empty line between them; empty blocks are left out. */
export function separated(blocks: readonly (readonly string[])[]): string[] {
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** A paragraph whose first words are marked. It is wrapped first: a mark takes no width. */
export function headed(heading: string, rest: string, mark: (text: string) => string, indent = 0): string[] {
  return labelled('', `${heading}${rest}`, indent).map((line, index) =>
    index === 0 ? line.replace(heading, mark(heading)) : line,
  );
}

/** Names below a heading; nothing if there are none. */
export const namesText = (heading: string, names: readonly string[], { bold }: Style): string[] =>
  names.length === 0 ? [] : [bold(heading), ...names.flatMap((name) => labelled('', name))];
