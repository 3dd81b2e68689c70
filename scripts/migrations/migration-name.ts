/** The names of a migration: its class, its file, and the time that orders it. */
export interface MigrationName {
  /** PascalCase with the timestamp, as the history records it: `AddOwner1795305604000`. */
  readonly className: string;
  /** Without extension: `1795305604000-add-owner`. */
  readonly fileName: string;
  readonly timestamp: number;
}

/** True for a name such as `AddOwnerToFlows`. */
export function isPascalCase(name: string): boolean {
  return /^[A-Z][A-Za-z0-9]*$/.test(name);
}

/** `AddOwnerToFlows` → `add-owner-to-flows`, `AddFKIndex` → `add-fk-index`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}

/** The timestamp in a migration's name: its last 13 digits. */
export const timestampOf = (className: string): number => Number(className.slice(-13));

/**
 * Names a new migration, later than every existing one even if the machine's clock is behind.
 *
 * @param existing names of the existing migrations
 */
export function nameMigration(name: string, now: Date, existing: readonly string[]): MigrationName {
  const last = Math.max(0, ...existing.map(timestampOf));
  const timestamp = Math.max(now.getTime(), last + 1000);
  return { className: `${name}${timestamp}`, fileName: `${timestamp}-${kebabCase(name)}`, timestamp };
}
