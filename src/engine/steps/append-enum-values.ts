import { declareArguments, options as optionsOf } from '../../arguments';
import { identifier, listOf, literalText } from '../schema/declared-parts';
import { ProtectionFlowsError } from '../../errors';
import { enumOf } from '../schema/declare';
import { alterTable } from './alter-table';
import { altering } from '../schema/ddl';
import { liveColumn } from './columns';
import { handMade } from './hand-made';
import { modifyClause, plannedModify, type ColumnChange } from './modify-column';
import { countRows, marks, quoteName } from '../server/queryable';
import type { Words } from '../server/names';
import { withTable, type Schema } from '../schema/shape';
import type { Step, StepContext } from './step';

const assertAppend = declareArguments('appendEnumValues', {
  table: identifier,
  column: identifier,
  change: optionsOf({ from: listOf(literalText, 'value'), add: listOf(literalText, 'value') }),
});

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
  assertAppend({ table, column, change });
  const before = enumOf(...change.from);
  const after = enumOf(...change.from, ...change.add);

  /** Null where the column has that type already. */
  function changeTo(live: Schema, type: string, words: Words): ColumnChange | null {
    const found = liveColumn(live, table, column);
    if (found?.type === type) return null;
    if (found?.type === before || found?.type === after) return { from: found, to: { ...found, type } };
    const difference = { object: 'column', table, name: column, property: 'type', expected: before } as const;
    throw handMade(`column ${table}.${column}`, [{ ...difference, actual: found?.type ?? null }], words);
  }

  const title = `let ${table}.${column} be ${change.add.join(', ')}`;
  return {
    title,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        columns: shape.columns.map((one) => (one.name === column ? { ...one, type: after } : one)),
      })),
    plan(live, server, words) {
      const needed = changeTo(live, after, words);
      const shape = live.get(table);
      return needed && shape ? [plannedModify(server, shape, needed)] : [];
    },
    undo(live, _server, words) {
      const change = liveColumn(live, table, column) === undefined ? null : changeTo(live, before, words);
      return change ? [altering(table, '', modifyClause(change))] : [];
    },
    async run(context, live) {
      const needed = changeTo(live, after, context.owner.words);
      if (needed !== null) await alterTable(context, table, [modifyClause(needed)], title);
    },
    async assertUndoable(context: StepContext, live) {
      if (liveColumn(live, table, column) === undefined) return;
      const isOne = `${quoteName(column)} IN (${marks(change.add)})`;
      const rows = await countRows(context.session, quoteName(table), isOne, [...change.add]);
      if (rows === 0) return;
      throw new ProtectionFlowsError('ENUM_VALUE_IN_USE', {
        message: `${rows} row${rows === 1 ? ' has' : 's have'} ${table}.${column} = ${change.add.join(' or ')}`,
        remedy: `Give those rows another value first, for instance: UPDATE ${quoteName(table)} SET ${quoteName(column)} = 'error' WHERE ${quoteName(column)} IN (${change.add.map((value) => `'${value}'`).join(', ')});`,
        details: { table, column, values: change.add, rows },
      });
    },
  };
}
