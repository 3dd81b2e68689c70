import type { MigrationInterface } from 'typeorm';
import type { Table } from '../engine/schema/shape';
import { createTable } from '../engine/steps/create-table';
import { assertNoLoss } from '../engine/steps/refusals';
import type { Migration, Step } from '../engine/steps/step';
import { ProtectionFlowsError } from '../errors';

/**
 * A migration of this package: a list of re-runnable steps, which the engine carries out. TypeORM may list it, and never
 * runs it: on an application's own DataSource nothing holds the lock, no preflight has looked at the rows, and the
 * history is not the one that every other command reads.
 */
export abstract class StepMigration implements Migration, MigrationInterface {
  abstract readonly name: string;
  abstract readonly breaking: false | string;
  abstract readonly steps: readonly Step[];

  /** Always refused: MIGRATION_UNGUARDED. */
  up(): Promise<void> {
    return Promise.reject(unguarded(this.name));
  }

  /** Always refused: MIGRATION_UNGUARDED. */
  down(): Promise<void> {
    return Promise.reject(unguarded(this.name));
  }
}

const unguarded = (migration: string): ProtectionFlowsError =>
  new ProtectionFlowsError('MIGRATION_UNGUARDED', {
    message: `${migration} is a migration of this package, and does not run on another DataSource: no lock would be held, no row be looked at, and nothing be recorded where protection-flows looks`,
    remedy:
      'Take the migrations of @sendense/protection-flows out of that DataSource\'s migrations, and run protection-flows migrate before it: docs/migrations.md, "In your application\'s DataSource".',
    details: { migration },
  });

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
    if (!isLossless && live.has(made.name)) await assertNoLoss(context, { table: made.name });
  },
});
