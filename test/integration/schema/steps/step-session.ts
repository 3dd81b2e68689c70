import type { TestDatabase } from '../../../support/database';
import { sharedServer } from '../../../support/shared-server';
import { readCatalog } from '../../../../src/engine/schema/catalog/read-catalog';
import { owner } from '../../../../src/migrations';
import type { Index, Schema } from '../../../../src/engine/schema/shape';
import { runStep, undoStep, type Step, type StepContext } from '../../../../src/engine/steps/step';

/** Where a run dies: before its statement reaches the server, or right after it took effect there. */
export type Death = 'before' | 'after';

/** Executes steps on the database of a test, and returns their statements. */
export interface StepSession {
  /** Runs the step; resolves to the statements that it executed. */
  run(step: Step, death?: Death): Promise<string[]>;
  /** Undoes the step; resolves to the statements that it executed. */
  undo(step: Step, options?: { readonly discardRows?: boolean; readonly death?: Death }): Promise<string[]>;
  /** What was reported as thrown away: table or column, and rows. */
  readonly discarded: readonly (readonly [string, number])[];
  /** The named tables as they are now. */
  catalog(...tables: string[]): Promise<Schema>;
}

export class Killed extends Error {}

export function stepSession(database: TestDatabase): StepSession {
  const discarded: (readonly [string, number])[] = [];

  function context(executed: string[], discardRows: boolean, death?: Death): StepContext {
    return {
      session: database.session,
      owner,
      server: sharedServer(),

      discardRows,
      copyLimitRows: 100_000,
      onDiscard: (table, rows) => discarded.push([table, rows]),
      async execute(sql) {
        if (death === 'before') throw new Killed(sql);
        await database.session.query(sql);
        executed.push(sql);
        if (death === 'after') throw new Killed(sql);
      },
    };
  }

  return {
    discarded,
    async run(step, death) {
      const executed: string[] = [];
      await runStep(step, context(executed, false, death));
      return executed;
    },
    async undo(step, { discardRows = false, death } = {}) {
      const executed: string[] = [];
      await undoStep(step, context(executed, discardRows, death));
      return executed;
    },
    async catalog(...tables) {
      const live = await readCatalog(database.session, sharedServer(), tables);
      const byName = (one: Index, other: Index): number => (one.name < other.name ? -1 : 1);
      // MySQL's order of them is that of their making; an index that came back is behind the others
      return new Map(
        [...live].map(([name, table]) => [name, { ...table, indexes: [...table.indexes].sort(byName) }]),
      );
    },
  };
}

/** Runs and undoes the step with a death at either side of its statement: each rerun must end where a whole run does. */
export async function surviveDeaths(session: StepSession, step: Step, table: string): Promise<void> {
  const before = await session.catalog(table);
  for (const death of ['before', 'after'] as const) {
    await expect(session.run(step, death)).rejects.toThrow(Killed);
    await session.run(step);
    expect(await session.run(step)).toEqual([]);
    expect(await session.catalog(table)).not.toEqual(before);
    await expect(session.undo(step, { death })).rejects.toThrow(Killed);
    await session.undo(step);
    expect(await session.undo(step)).toEqual([]);
    expect(await session.catalog(table)).toEqual(before);
  }
}
