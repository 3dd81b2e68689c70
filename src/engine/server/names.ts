import { hostname } from 'node:os';

/** How the engine's texts name the package that owns the tables, and the program that a reader is to run. */
export interface Words {
  /** The package whose tables these are, such as `@shop/schema`. */
  readonly package: string;
  /** Its command line, such as `shop-schema`: a remedy says `shop-schema migrate`. */
  readonly command: string;
  /** How the names of its environment variables begin, such as `SHOP`. */
  readonly environment: string;
}

/** How to let a rollback throw values away, for a remedy that has told how to save them. */
export const howToDiscard = ({ command, environment }: Words): string =>
  `then say that they may go: ${command} rollback --discard-rows; where there is no such option, ${environment}_DISCARD_ROWS=1 in the environment.`;

/** The names of the tables that the engine makes for itself, beside those of its subject. */
export interface OwnTables {
  /** What was applied. */
  readonly history: string;
  /** Who is migrating. */
  readonly lock: string;
}

/** Their names for a subject whose tables begin so; rows without parent are set aside in tables that begin so too. */
export const ownTables = (prefix: string): OwnTables => ({
  history: `${prefix}_migrations`,
  lock: `${prefix}_lock`,
});

/** Who runs here, for the history and for those that wait: such as `pid 4711 on app-3`. A backslash is a slash. */
export function thisProcess(): string {
  return `pid ${process.pid} on ${hostname().replaceAll('\\', '/').slice(0, 200)}`;
}
