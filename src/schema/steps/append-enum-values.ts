import { ProtectionFlowsError } from '../../errors';
import { enumOf } from '../declare';
import { alterSql, columnSql } from '../ddl';
import { handMade } from '../hand-made';
import { quoteName, select } from '../queryable';
import { named, withTable, type Column, type Schema } from '../shape';
import type { Step, StepContext } from '../step';

/** The column as it is live, with another type; everything else of it stays. */
function modifySql(table: string, column: Column, type: string): string {
  const text =
    column.charset !== null && column.collation !== null
      ? { charset: column.charset, collation: column.collation }
      : null;
  return alterSql(table, `MODIFY ${columnSql({ ...column, type }, text)}`);
}

/**
 * Appends values to an ENUM. Done when the column has them; any list but the one before or after is
 * SCHEMA_HAND_MADE. Its undoing takes them out again, and refuses while a row holds one (ENUM_VALUE_IN_USE):
 * under a strict sql_mode the server would refuse too, under a lax one it would blank the rows.
 */
export function appendEnumValues(
  table: string,
  column: string,
  change: { readonly from: readonly string[]; readonly add: readonly string[] },
): Step {
  const before = enumOf(...change.from);
  const after = enumOf(...change.from, ...change.add);

  const liveColumn = (live: Schema): Column | undefined => named(live.get(table)?.columns ?? [], column);

  function statements(live: Schema, type: string): string[] {
    const found = liveColumn(live);
    if (found?.type === type) return [];
    if (found?.type === before || found?.type === after) return [modifySql(table, found, type)];
    const difference = { object: 'column', table, name: column, property: 'type', expected: before } as const;
    throw handMade(`column ${table}.${column}`, [{ ...difference, actual: found?.type ?? null }]);
  }

  return {
    title: `let ${table}.${column} be ${change.add.join(', ')}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        columns: shape.columns.map((one) => (one.name === column ? { ...one, type: after } : one)),
      })),
    plan: (live) => statements(live, after),
    undo: (live) => (liveColumn(live) === undefined ? [] : statements(live, before)),
    async assertUndoable(context: StepContext, live) {
      if (liveColumn(live) === undefined) return;
      const [counted] = await select<{ rows: number | string }>(
        context.session,
        `SELECT COUNT(*) AS \`rows\` FROM ${quoteName(table)}
          WHERE ${quoteName(column)} IN (${change.add.map(() => '?').join(', ')})`,
        [...change.add],
      );
      const rows = Number(counted?.rows ?? 0);
      if (rows === 0) return;
      throw new ProtectionFlowsError('ENUM_VALUE_IN_USE', {
        message: `${rows} row${rows === 1 ? ' has' : 's have'} ${table}.${column} = ${change.add.join(' or ')}`,
        remedy: `Give those rows another value first, for instance: UPDATE ${quoteName(table)} SET ${quoteName(column)} = 'error' WHERE ${quoteName(column)} IN (${change.add.map((value) => `'${value}'`).join(', ')});`,
        details: { table, column, values: change.add, rows },
      });
    },
  };
}
