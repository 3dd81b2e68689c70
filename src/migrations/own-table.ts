import type { Table } from '../engine/schema/shape';
import { assertNoLoss, createTable } from '../engine/steps/create-table';
import type { Step } from '../engine/steps/step';

/**
 * Makes a table of the package's own that speaks of flows. It is none of the declared schema: nobody's tables made by hand have
 * it. Its rows keep a rollback from dropping it, unless they can be made anew (`isLossless`).
 */
export const createOwnTable = (made: Table, { isLossless = false } = {}): Step => ({
  ...createTable(made),
  declare: (schema) => schema,
  // Where there are flows, a scheduler runs them: without these it would claim nothing from then on
  needs: (live) =>
    live.has('protection_flows')
      ? ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((privilege) => ({ privilege, table: made.name }))
      : [],
  async assertUndoable(context, live) {
    if (!isLossless && live.has(made.name)) await assertNoLoss(context, made.name);
  },
});
