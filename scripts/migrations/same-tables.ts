import { isGuarded } from '../../src/engine/steps/key-state';
import type { Schema, Table } from '../../src/engine/schema/shape';

/** The foreign keys of a table that the server does not check in every row. */
export const unguardedKeys = (table: Table): string[] =>
  table.foreignKeys.filter((key) => !isGuarded(table, key)).map(({ name }) => name);

const byName = <T extends { readonly name: string }>(list: Iterable<T>): T[] =>
  [...list].sort((one, other) => (one.name < other.name ? -1 : 1));

const inText = (schema: Schema): string =>
  JSON.stringify(
    byName(schema.values()).map((table) => [
      { ...table, indexes: byName(table.indexes), unguarded: undefined },
      unguardedKeys(table),
    ]),
  );

/**
 * True for tables that behave the same. On MySQL an index that is dropped and added again comes last, so the order of
 * indexes counts only where it matters: whether the server checks a foreign key in every row.
 */
export function sameTables(left: Schema, right: Schema): boolean {
  return inText(left) === inText(right);
}
