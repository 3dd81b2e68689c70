import { describeIndexColumns } from '../compare';
import { alterSql, indexSql } from '../ddl';
import { handMade } from '../hand-made';
import { quoteName } from '../queryable';
import { named, withTable, type Index } from '../shape';
import type { Step } from '../step';

/** Both servers build a secondary index while the table is read and written. */
const online = 'ALGORITHM=INPLACE, LOCK=NONE';

/** Adds an index; done when one of that name and shape is there. Its undoing drops it. */
export function addIndex(table: string, index: Index): Step {
  return {
    title: `add index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, indexes: [...shape.indexes, index] })),
    plan(live) {
      const found = named(live.get(table)?.indexes ?? [], index.name);
      if (found === undefined) return [`${alterSql(table, `ADD ${indexSql(index)}`)}, ${online}`];
      const [expected, actual] = [index, found].map(
        (one) => `${one.unique ? 'unique ' : ''}(${describeIndexColumns(one)})`,
      );
      if (expected === actual) return [];
      throw handMade(`index ${table}.${index.name}`, [
        {
          object: 'index',
          table,
          name: index.name,
          property: 'columns',
          expected: expected ?? '',
          actual: actual ?? '',
        },
      ]);
    },
    undo: (live) =>
      named(live.get(table)?.indexes ?? [], index.name)
        ? [`${alterSql(table, `DROP INDEX ${quoteName(index.name)}`)}, ${online}`]
        : [],
  };
}
