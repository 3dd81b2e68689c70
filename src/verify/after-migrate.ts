import { migrationList } from '../migrator';
import { expectedText } from '../schema/ddl';
import type { Server } from '../schema/server';
import { withTable, type Schema } from '../schema/shape';
import type { Step } from '../schema/step';

/**
 * The live tables as a migrate will leave them that nothing stands in the way of: what it mends is not to be mended
 * by hand too. Pure.
 */
export function afterMigrate(
  live: Schema,
  server: Server,
  pending: readonly string[],
  declared: Schema,
): Schema {
  let state = live;

  function apply(step: Step): void {
    if (step.plan(state, server).length === 0) return;
    state = step.declare(state);
    const [table = ''] = step.tables;
    const started = step.foreignKey?.key.columns ?? [];
    state = withTable(state, table, (shape) => ({
      ...shape,
      columns: shape.columns.map((column) => {
        if (column.charset !== null && !started.includes(column.name)) return column;
        return { ...column, ...(expectedText(declared, declared.get(table) ?? shape, column, state) ?? {}) };
      }),
    }));
  }

  for (const { name, steps } of migrationList) {
    for (const step of steps) if (pending.includes(name)) apply(step);
  }
  for (const step of migrationList.flatMap(({ steps }) => [...steps])) if (step.foreignKey) apply(step);
  return state;
}
