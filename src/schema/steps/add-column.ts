import { ProtectionFlowsError } from '../../errors';
import { alterSql, columnSql, isText } from '../ddl';
import { quoteName } from '../queryable';
import { withTable, type Column } from '../shape';
import type { Step, StepContext } from '../step';
import { handMadeColumn, liveColumn, sameColumn } from './column-shape';
import { countRows } from './misfits';

/** A condition that is true where somebody gave the column a value. */
function writtenCondition(column: Column): string {
  const name = quoteName(column.name);
  const value = column.default;
  if (value?.startsWith("'") !== true) return `${name} IS NOT NULL`;
  // Byte by byte: under the column's own collation 'System' equals the default 'system'
  return isText(column.type)
    ? `NOT (CAST(${name} AS BINARY) <=> CAST(${value} AS BINARY))`
    : `NOT (${name} <=> ${value})`;
}

async function assertMayDrop(context: StepContext, table: string, column: Column): Promise<void> {
  const condition = writtenCondition(column);
  const rows = await countRows(context, table, condition);
  if (rows === 0) return;
  if (!context.discardRows) {
    throw new ProtectionFlowsError('ROLLBACK_WOULD_LOSE_ROWS', {
      message: `dropping column ${table}.${column.name} would lose the value of ${rows} row${rows === 1 ? '' : 's'}`,
      remedy: `Save the values (SELECT * FROM ${quoteName(table)} WHERE ${condition};), then say that they may go: protection-flows rollback --discard-rows, or PROTECTION_FLOWS_DISCARD_ROWS=1 in the environment of migration:revert.`,
      details: { table, column: column.name, rows },
    });
  }
  context.onDiscard?.(`${table}.${column.name}`, rows);
}

/**
 * Adds a column, behind the others. Done when one of that name and definition is there; one of another definition is
 * SCHEMA_HAND_MADE. Its undoing drops the column, and refuses while a row holds a value in it
 * (ROLLBACK_WOULD_LOSE_ROWS): anything but NULL and a literal default counts as one.
 *
 * The default may not be an expression such as uuid(): MySQL with a binary log refuses to add that column (1674,
 * https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html), as each replica would make up other values.
 */
export function addColumn(table: string, column: Column): Step {
  return {
    title: `add column ${table}.${column.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, columns: [...shape.columns, column] })),
    plan(live) {
      const found = liveColumn(live, table, column.name);
      if (found === undefined) return [alterSql(table, `ADD ${columnSql(column, null)}`)];
      if (sameColumn(found, column)) return [];
      throw handMadeColumn(table, column, found);
    },
    undo: (live) =>
      liveColumn(live, table, column.name) === undefined
        ? []
        : [alterSql(table, `DROP COLUMN ${quoteName(column.name)}`)],
    async assertUndoable(context, live) {
      if (liveColumn(live, table, column.name) !== undefined) await assertMayDrop(context, table, column);
    },
  };
}
