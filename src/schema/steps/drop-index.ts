import { online } from '../alter-table';
import { alterSql, indexSql } from '../ddl';
import { quoteName } from '../queryable';
import { withTable, type Index } from '../shape';
import type { Step } from '../step';
import { handMadeIndex, liveIndex, sameIndex } from './index-shape';
import { assertUniqueAgain } from './unique-again';

/**
 * Drops an index; done when none of that name is there, and one of another shape than expected is SCHEMA_HAND_MADE.
 * Its undoing adds the index again; a unique one only while no two rows share its values (ROLLBACK_WOULD_LOSE_ROWS).
 */
export function dropIndex(table: string, index: Index): Step {
  return {
    title: `drop index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        indexes: shape.indexes.filter((one) => one.name !== index.name),
      })),
    plan(live) {
      const found = liveIndex(live, table, index.name);
      if (found === undefined) return [];
      if (!sameIndex(found, index)) throw handMadeIndex(table, index, found);
      return [`${alterSql(table, `DROP INDEX ${quoteName(index.name)}`)}, ${online}`];
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
