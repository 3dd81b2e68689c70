import { online } from '../alter-table';
import { alterSql, indexSql } from '../ddl';
import { quoteName } from '../queryable';
import { withTable, type Index } from '../shape';
import type { Step } from '../step';
import { handMadeIndex, liveIndex, sameIndex } from './index-shape';

/** Adds an index; done when one of that name and shape is there. Its undoing drops it. */
export function addIndex(table: string, index: Index): Step {
  return {
    title: `add index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, indexes: [...shape.indexes, index] })),
    plan(live) {
      const found = liveIndex(live, table, index.name);
      if (found === undefined) return [`${alterSql(table, `ADD ${indexSql(index)}`)}, ${online}`];
      if (!sameIndex(found, index)) throw handMadeIndex(table, index, found);
      return [];
    },
    undo: (live) =>
      liveIndex(live, table, index.name)
        ? [`${alterSql(table, `DROP INDEX ${quoteName(index.name)}`)}, ${online}`]
        : [],
  };
}
