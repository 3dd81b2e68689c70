import { online } from '../alter-table';
import { alterSql, indexSql } from '../ddl';
import { quoteName } from '../queryable';
import { withTable, type Index, type Schema } from '../shape';
import type { Step } from '../step';
import { handMadeIndex, liveIndex, sameIndex } from './index-shape';
import { assertUniqueAgain } from './unique-again';

/**
 * Drops an index; done when none of that name is there, and one of another shape than expected is SCHEMA_HAND_MADE.
 * Its undoing adds the index again; a unique one only while no two rows share its values (ROLLBACK_WOULD_LOSE_ROWS).
 *
 * @param options `coveredBy`: a declared index that begins with the same columns and serves in its place, a foreign key
 * too. Where somebody dropped that one, it is added in the same statement.
 */
export function dropIndex(
  table: string,
  index: Index,
  { coveredBy }: { readonly coveredBy?: Index } = {},
): Step {
  function additions(live: Schema): string[] {
    if (coveredBy === undefined) return [];
    const found = liveIndex(live, table, coveredBy.name);
    if (found === undefined) return [`ADD ${indexSql(coveredBy)}`];
    if (!sameIndex(found, coveredBy)) throw handMadeIndex(table, coveredBy, found);
    return [];
  }

  return {
    title: `drop index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        indexes: shape.indexes.filter((one) => one.name !== index.name),
        retired: [...(shape.retired ?? []), index],
      })),
    plan(live) {
      const found = liveIndex(live, table, index.name);
      if (found === undefined) return [];
      if (!sameIndex(found, index)) throw handMadeIndex(table, index, found);
      const changes = [...additions(live), `DROP INDEX ${quoteName(index.name)}`];
      return [`${alterSql(table, ...changes)}, ${online}`];
    },
    undo(live) {
      if (!live.has(table)) return [];
      const found = liveIndex(live, table, index.name);
      if (found === undefined) return [`${alterSql(table, `ADD ${indexSql(index)}`)}, ${online}`];
      if (!sameIndex(found, index)) throw handMadeIndex(table, index, found);
      return [];
    },
    async assertUndoable(context, live) {
      const gone = live.has(table) && liveIndex(live, table, index.name) === undefined;
      if (gone && index.unique) await assertUniqueAgain(context, table, index);
    },
  };
}
