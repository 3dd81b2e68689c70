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
