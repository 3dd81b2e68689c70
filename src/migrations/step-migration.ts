import type { MigrationInterface, QueryRunner } from 'typeorm';
import { detectServer } from '../engine/server/server';
import { redoStep, runStep, undoStep, type Step, type StepContext } from '../engine/steps/step';
import { defaultCopyLimitRows } from './copy-limit';
import { assertGuarded, runnerHooks } from './runner-hooks';

/** A context on the given runner's session, with whatever the migrator attached to it. */
export async function stepContext(runner: QueryRunner, migration: string | null): Promise<StepContext> {
  const hooks = runnerHooks(runner);
  return {
    session: runner,
    server: hooks.server ?? (await detectServer(runner)),
    owner: hooks.owner ?? { tablePrefix: 'sendense_flow', declared: new Map() },
    discardRows: hooks.discardRows ?? process.env.PROTECTION_FLOWS_DISCARD_ROWS === '1',
    dropped: hooks.dropped,
    orphans: hooks.orphans,
    copyLimitRows: hooks.copyLimitRows ?? defaultCopyLimitRows(),
    tableWaitMs: hooks.tableWaitMs,
    goOn: hooks.goOn,
    onProgress: hooks.onProgress,
    onKey: hooks.onKey,
    onDiscard: hooks.onDiscard,
    async execute(sql) {
      await hooks.beforeStatement?.(migration, sql);
      if (hooks.execute !== undefined) return hooks.execute(sql);
      await runner.query(sql);
    },
  };
}

/**
 * A migration as a list of re-runnable steps: `up` carries them out in order, `down` undoes them in reverse. Each
 * decides from the catalog what is left to do, so a run that was killed anywhere is finished by the next. It runs only on a
 * runner of the migrator's.
 */
export abstract class StepMigration implements MigrationInterface {
  /** As the history records it; ends in 13 digits, milliseconds since 1970, which give the order. */
  abstract readonly name: string;
  /**
   * False where programs of the previous release go on working, reading and writing, before, during and after it. Or
   * else a text: which programs can't, and how to deploy around it.
   */
  abstract readonly breaking: false | string;
  abstract readonly steps: readonly Step[];

  async up(runner: QueryRunner): Promise<void> {
    await this.carryOut(runner, runStep);
  }

  /** Brings back what a `down` that died took away. */
  async redo(runner: QueryRunner): Promise<void> {
    await this.carryOut(runner, redoStep);
  }

  async down(runner: QueryRunner): Promise<void> {
    assertGuarded(runner, this.name);
    const context = await stepContext(runner, this.name);
    for (const step of [...this.steps].reverse()) {
      runnerHooks(runner).onStep?.(this.name, `undo: ${step.title}`);
      await undoStep(step, context);
    }
  }

  private async carryOut(runner: QueryRunner, carryOut: typeof runStep): Promise<void> {
    assertGuarded(runner, this.name);
    const context = await stepContext(runner, this.name);
    for (const step of this.steps) {
      runnerHooks(runner).onStep?.(this.name, step.title);
      await carryOut(step, context);
    }
  }
}
