import { hostname } from 'node:os';

/** How the engine's texts name the package that owns the tables, its command and its environment variables. */
export interface Words {
  /** The package whose tables these are, such as `@shop/schema`. */
  readonly package: string;
  /** Its command line, such as `shop-schema`: a remedy says `shop-schema migrate`. */
  readonly command: string;
  /** How the names of its environment variables begin, such as `SHOP`. */
  readonly environment: string;
}

/** How to let a rollback delete values; ends a remedy that says how to save them. */
export const howToDiscard = ({ command, environment }: Words): string =>
  `then allow their loss: ${command} rollback --discard-rows; in another program, set ${environment}_DISCARD_ROWS=1 in the environment.`;

/** Names of the tables that the engine creates for itself. */
export interface OwnTables {
  /** Records the applied migrations. */
  readonly history: string;
  /** Records who is migrating. */
  readonly lock: string;
}

/** Names the engine's own tables for a subject's prefix. Names of quarantine tables begin with the same prefix. */
export const ownTables = (prefix: string): OwnTables => ({
  history: `${prefix}_migrations`,
  lock: `${prefix}_lock`,
});

/** Names this process for the history and for waiting runs: `pid 4711 on app-3`. Replaces a backslash by a slash. */
export function thisProcess(): string {
  return `pid ${process.pid} on ${hostname().replaceAll('\\', '/').slice(0, 200)}`;
}
