import type { Server } from '../../engine/server/server';
import { labelled } from './wrap';

const format = new Intl.NumberFormat('en');

/** `1,200`: a number that may grow large. */
export const grouped = (count: number): string => format.format(count);

/** `1 flow`, `1,200 flows`. The plural is the word with an s. */
export function groupedCount(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** `1 migration`, `2 migrations`. The plural is the word with an s. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** A server as people name it: `MariaDB 10.11.14`. */
export function serverName(server: {
  readonly flavour: 'mariadb' | 'mysql';
  readonly version: string;
}): string {
  return `${server.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${server.version}`;
}

/** The line that says which database a result is about. */
export const databaseLine = ({ database, server }: { database: string; server: Server }): string[] =>
  labelled('', `Database ${database} on ${serverName(server)}`, 0);
