import { ProtectionFlowsError } from '../../errors';
import { alterTable } from '../alter-table';
import { alterSql, isText } from '../ddl';
import { modifyClause, plannedModify, type ColumnChange } from '../modify-column';
import { quoteName } from '../queryable';
import type { Server } from '../server';
import { withTable, type Column, type Schema } from '../shape';
import type { Step, StepContext } from '../step';
import { describeColumn, handMadeColumn, liveColumn, sameColumn } from './column-shape';
import { countRows, misfitCondition } from './misfits';

/** Refuses to give the column a definition that some of its values would not survive. */
async function assertFits(
  context: StepContext,
  table: string,
  change: { readonly from: Column; readonly to: Column },
  code: 'PREFLIGHT_FAILED' | 'ROLLBACK_WOULD_LOSE_ROWS',
): Promise<void> {
  const { from, to } = change;
  const condition = misfitCondition(from, to);
  if (condition === null) return;
  const rows = await countRows(context, table, condition);
  if (rows === 0) return;
  throw new ProtectionFlowsError(code, {
    message: `${rows} row${rows === 1 ? '' : 's'} of ${table} ${rows === 1 ? 'holds' : 'hold'} a ${from.name} that ${describeColumn(to)} does not take`,
    consequence: 'The column was left as it is; no row was touched.',
    remedy: `Give those rows another value first. To see them: SELECT * FROM ${quoteName(table)} WHERE ${condition};`,
    details: { table, column: from.name, rows },
  });
}

/**
 * Changes a column's type, default or nullability in place; its charset and collation stay. Done when the column is
 * as after; any shape but the ones before and after is SCHEMA_HAND_MADE. Both directions look at the rows first where
 * the new definition takes less, and refuse while one would not survive (PREFLIGHT_FAILED; undoing,
 * ROLLBACK_WOULD_LOSE_ROWS): a strict server would refuse too, a lax one would cut the value.
 */
export function changeColumn(table: string, before: Column, after: Column): Step {
  /** Null where the column is so already. Its charset and collation stay. */
  function changeTo(live: Schema, from: Column, to: Column): ColumnChange | null {
    const found = liveColumn(live, table, before.name);
    if (found !== undefined && sameColumn(found, to)) return null;
    if (found === undefined || !sameColumn(found, from)) throw handMadeColumn(table, from, found);
    const { charset, collation } = found;
    return { from: found, to: { ...to, charset, collation } };
  }

  function statements(live: Schema, server: Server): string[] {
    const change = changeTo(live, before, after);
    const shape = live.get(table);
    return change && shape ? [plannedModify(server, shape, change)] : [];
  }

  const title = `change column ${table}.${before.name} to ${describeColumn(after)}`;
  return {
    title,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        columns: shape.columns.map((column) => {
          if (column.name !== before.name) return column;
          const { charset, collation } = isText(after.type) ? column : after;
          return { ...after, charset, collation };
        }),
      })),
    plan: (live, server) => statements(live, server),
    undo: (live) => {
      const isThere = liveColumn(live, table, before.name) !== undefined;
      const change = isThere ? changeTo(live, after, before) : null;
      return change ? [alterSql(table, modifyClause(change))] : [];
    },
    async run(context, live) {
      const change = changeTo(live, before, after);
      if (change === null) return;
      await assertFits(context, table, { from: before, to: after }, 'PREFLIGHT_FAILED');
      await alterTable(context, table, [modifyClause(change)], title);
    },
    async assertUndoable(context, live) {
      const found = liveColumn(live, table, before.name);
      if (found === undefined || !sameColumn(found, after)) return;
      await assertFits(context, table, { from: after, to: before }, 'ROLLBACK_WOULD_LOSE_ROWS');
    },
  };
}
