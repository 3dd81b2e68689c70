import type { Difference } from '../compare';
import { createTableSql, expectedText } from '../ddl';
import type { Column, Schema, Table } from '../shape';
import type { Repair } from './repair';

/** Creates a declared table as all migrations together make it, without foreign keys; done where one is there. */
export function createMissingTable(
  declared: Schema,
  table: Table,
  differences: readonly Difference[],
): Repair {
  const textOf = (live: Schema) => (column: Column) => expectedText(declared, table, column, live);
  return {
    title: `create table ${table.name}`,
    tables: [table.name, ...table.foreignKeys.map((key) => key.parentTable)],
    creates: table.name,
    differences,
    rows: 0,
    declare(schema) {
      const columns = table.columns.map((column) => ({ ...column, ...(textOf(schema)(column) ?? {}) }));
      return new Map(schema).set(table.name, { ...table, columns, foreignKeys: [] });
    },
    plan: (live) => (live.has(table.name) ? [] : [createTableSql(table, textOf(live))]),
    undo: () => [],
  };
}
