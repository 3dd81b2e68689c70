import { declaredSchema } from '../../migrations';
import type { Finding } from '../../preflight';
import { compareForeignKey } from '../../schema/compare';
import { named, type ForeignKey, type Schema } from '../../schema/shape';
import { refusedKeys } from './planned';
import type { AdoptKey } from './results';

function stands(live: Schema, table: string, key: ForeignKey): boolean {
  const found = named(live.get(table)?.foreignKeys ?? [], key.name);
  return compareForeignKey(table, key, found).length === 0;
}

/** Where every declared key stands after the run, `times` being what it took. */
export function keyResults(
  before: Schema,
  live: Schema,
  findings: readonly Finding[],
  times: ReadonlyMap<string, number>,
): AdoptKey[] {
  const refused = refusedKeys(findings);
  const statusOf = (table: string, key: ForeignKey): AdoptKey['status'] => {
    if (refused.has(key.name)) return 'refused';
    if (stands(live, table, key)) return stands(before, table, key) ? 'present' : 'added';
    return live.has(key.parentTable) || declaredSchema.has(key.parentTable) ? 'to-add' : 'deferred';
  };
  return [...declaredSchema.values()].flatMap((table) =>
    table.foreignKeys.map((key) => ({
      name: key.name,
      status: statusOf(table.name, key),
      ms: times.get(key.name) ?? 0,
    })),
  );
}

/** True where no declared key is absent, or there by other rules, but for those whose parent does not exist. */
export const keysAreAsDeclared = (live: Schema): boolean =>
  [...declaredSchema.values()].every((table) =>
    table.foreignKeys.every((key) => {
      const hasParent = live.has(key.parentTable) || declaredSchema.has(key.parentTable);
      return !hasParent || stands(live, table.name, key);
    }),
  );
