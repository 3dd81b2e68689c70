import { migrationList } from '../../src/migrations';

/** How many migrations there are. */
export const migrationCount = migrationList.length;

/** Returns how many steps a rollback needs so that it undoes the migration with this name last. */
export function stepsBackTo(name: string): number {
  const at = migrationList.findIndex((migration) => migration.name.startsWith(name));
  if (at < 0) throw new Error(`there is no migration ${name}`);
  return migrationCount - at;
}
