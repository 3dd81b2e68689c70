import type { ServerWish } from '../../src/testing';

/** The servers to measure if BENCH_SERVERS names none. */
export const defaultServers = 'mariadb-10.11,mysql-9.7';

/** The parts of a list such as `one, two`. */
export const list = (text: string): string[] => text.split(',').map((part) => part.trim());

/** Reads a number such as `1_000_000`; throws unless it is a whole number above 0. */
export function numberOf(text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1) throw new Error(`not a whole number above 0: ${text}`);
  return value;
}

/** Reads the name of a server such as `mariadb-10.11`; throws for anything else. */
export function wishOf(name: string): ServerWish {
  const [, flavour, version] = /^(mariadb|mysql)(?:-(.+))?$/.exec(name) ?? [];
  if (flavour !== 'mariadb' && flavour !== 'mysql') throw new Error(`not mariadb-… or mysql-…: ${name}`);
  return { flavour, version };
}
