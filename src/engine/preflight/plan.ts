import { isText } from '../schema/column-type';
import { isProtectionFlowsError, type ProtectionFlowsError } from '../../errors';
import { type Statement } from '../schema/ddl';
import { withTable, type Schema } from '../schema/shape';
import { planOf, type Step } from '../steps/step';
import type { TableSize } from '../steps/alter-table';
import type { Server } from '../server/server';
import type { Words } from '../server/names';
import type { Migration } from '../steps/migration';

/** A migration as preflight needs it. */
export type KnownMigration = Pick<Migration, 'name' | 'steps'>;

/** What is pending, and which of it a rollback that died has half undone. */
interface PendingMigrations {
  readonly server: Server;
  readonly words: Words;
  readonly pending: readonly KnownMigration[];
  readonly historyTable: { readonly reverting: readonly string[] };
}

/** One statement that a migrate would execute. */
export interface PlannedStatement {
  /** The migration it belongs to, or null for the pass that adds absent keys. */
  readonly migration: string | null;
  /** What the step does, in words. */
  readonly step: string;
  readonly sql: string;
  /** The table that it copies while its writers wait, with its size; null for one that holds up nobody. */
  readonly copies: ({ readonly table: string } & TableSize) | null;
}

/** A statement with what the rules need to know of it. */
interface StepStatement extends Statement {
  readonly migration: string | null;
  readonly step: Step;
}

/** What carrying out all pending steps would take, and what it would leave. */
export interface StepPlan {
  readonly statements: readonly StepStatement[];
  /** Steps that would refuse, each with its error. */
  readonly refusals: readonly { readonly step: Step; readonly error: ProtectionFlowsError }[];
  /** The live tables as the steps will leave them. */
  readonly after: Schema;
}

/** A column that a declaration lets inherit gets its table's charset, as the server will give it. */
function settle(schema: Schema): Schema {
  return [...schema.keys()].reduce(
    (all, name) =>
      withTable(all, name, (table) => ({
        ...table,
        columns: table.columns.map((column) =>
          column.charset === null && isText(column.type)
            ? { ...column, charset: table.charset, collation: table.collation }
            : column,
        ),
      })),
    schema,
  );
}

/**
 * Plans the pending migrations on the live tables, then the keys of applied ones that are absent: each step is asked
 * what it would execute in the state that the steps before it leave. Pure; nothing is executed.
 */
export function planSteps(
  live: Schema,
  { server, words, pending, historyTable }: PendingMigrations,
  applied: readonly KnownMigration[],
): StepPlan {
  const statements: StepStatement[] = [];
  const refusals: { step: Step; error: ProtectionFlowsError }[] = [];
  let state = live;

  function plan(step: Step, migration: string | null): void {
    try {
      const isReverting = migration !== null && historyTable.reverting.includes(migration);
      const planned = planOf(step, isReverting)(state, server, words);
      if (planned.length === 0) return;
      statements.push(...planned.map((statement) => ({ ...statement, migration, step })));
      state = settle(step.declare(state));
    } catch (error) {
      if (!isProtectionFlowsError(error)) throw error;
      refusals.push({ step, error });
    }
  }

  for (const migration of pending) for (const step of migration.steps) plan(step, migration.name);
  const keys = applied.flatMap((migration) => migration.steps.filter((step) => step.foreignKey));
  for (const step of keys) plan(step, null);
  return { statements, refusals, after: state };
}
