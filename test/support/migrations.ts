import { migrationList } from '../../src/migrations';

/** How many migrations there are. */
export const migrationCount = migrationList.length;

/** How many of the newest migrations a rollback has to undo so that the one of that name is undone last. */
export function stepsBackTo(name: string): number {
  const at = migrationList.findIndex((migration) => migration.name.startsWith(name));
  if (at < 0) throw new Error(`there is no migration ${name}`);
  return migrationCount - at;
}
