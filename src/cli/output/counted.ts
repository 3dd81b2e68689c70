import type { Server } from '../../schema/server';
import { labelled } from './wrap';

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
