import { online } from '../alter-table';
import { alterSql, indexSql } from '../ddl';
import { quoteName } from '../queryable';
import { withTable, type Index } from '../shape';
import type { Step } from '../step';
import { describeIndex, handMadeIndex, liveIndex, sameIndex } from './index-shape';
import { assertUniqueAgain } from './unique-again';

/**
 * Gives an index other columns under its name, in one statement: a foreign key that needs it is never without. Done
 * when it is as after; any shape but the ones before and after, and its absence, is SCHEMA_HAND_MADE.
 */
export function replaceIndex(table: string, before: Index, after: Index): Step {
  function statements(live: Index | undefined, from: Index, to: Index): string[] {
    if (live !== undefined && sameIndex(live, to)) return [];
    if (live === undefined || !sameIndex(live, from)) throw handMadeIndex(table, from, live);
    return [`${alterSql(table, `DROP INDEX ${quoteName(from.name)}`, `ADD ${indexSql(to)}`)}, ${online}`];
  }

  return {
    title: `make index ${table}.${before.name} ${describeIndex(after)}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        indexes: shape.indexes.map((one) => (one.name === before.name ? after : one)),
      })),
    plan: (live) => statements(liveIndex(live, table, before.name), before, after),
    undo: (live) => (live.has(table) ? statements(liveIndex(live, table, before.name), after, before) : []),
    async assertUndoable(context, live) {
      const found = liveIndex(live, table, before.name);
      const changes = found !== undefined && sameIndex(found, after);
      if (changes && before.unique) await assertUniqueAgain(context, table, before);
    },
  };
}
