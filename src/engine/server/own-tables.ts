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
