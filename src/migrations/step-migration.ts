import type { MigrationInterface } from 'typeorm';
import type { Table } from '../engine/schema/shape';
import { createTable } from '../engine/steps/create-table';
import { assertNoLoss } from '../engine/steps/refusals';
import type { Migration, Step } from '../engine/steps/step';
import { ProtectionFlowsError } from '../errors';

/**
 * A migration of this package: a list of re-runnable steps for the engine. TypeORM may list it, but can't run it. On an
 * application's own DataSource nothing would hold the lock, no preflight would check the rows, and TypeORM would record it
 * in a history that no command of this package reads.
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
    message: `${migration} is a migration of this package and does not run on another DataSource: nothing would hold the lock, check the rows, or record it where protection-flows reads`,
    remedy:
      'Take the migrations of @sendense/protection-flows out of that DataSource\'s migrations, and run protection-flows migrate before it: docs/migrations.md, "In your application\'s DataSource".',
    details: { migration },
  });

/**
 * Creates a table of the package's own about flows. It is not part of the declared schema: tables made by hand never have
 * it. Its rows keep a rollback from dropping it, unless the package can make them again (`isLossless`).
 */
export const createOwnTable = (made: Table, { isLossless = false } = {}): Step => ({
  ...createTable(made),
  declare: (schema) => schema,
  // If there are flows, a scheduler runs them: without these rights it could claim nothing after the migrate
  needs: (live) =>
    live.has('protection_flows')
      ? ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((privilege) => ({ privilege, table: made.name }))
      : [],
  async assertUndoable(context, live) {
    if (!isLossless && live.has(made.name)) await assertNoLoss(context, { table: made.name });
  },
});
