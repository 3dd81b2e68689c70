import type { QueryRunner } from 'typeorm';
import { ProtectionFlowsError } from '../errors';
import { type OrphanChoice, type Owner } from '../engine/orphans/context';
import type { Server } from '../engine/server/server';

/**
 * What the migrator attaches to the query runner that it hands to TypeORM's executor. A migration refuses to run
 * without it ({@link assertGuarded}).
 */
export interface RunnerHooks {
  /** The server, where it is known: it is asked what it is otherwise. */
  server?: Server;
  /** As in StepContext. */
  owner?: Owner;
  discardRows?: boolean;
  /** As in StepContext. */
  orphans?: OrphanChoice;
  /** As in StepContext. Default: PROTECTION_FLOWS_COPY_LIMIT_ROWS of the environment, or 100,000. */
  copyLimitRows?: number;
  /** As in StepContext. */
  tableWaitMs?: number;
  /** Tables that this rollback drops. */
  dropped?: ReadonlySet<string>;
  /** Called before each step. */
  onStep?(migration: string | null, title: string): void;
  /** Called before each statement that changes something; throws to stop there. */
  beforeStatement?(migration: string | null, sql: string): Promise<void> | void;
  /** Executes a statement in place of `runner.query`: with a bounded wait for locks. */
  execute?(sql: string): Promise<void>;
  /** Asks whether to go on; throws to stop there. */
  goOn?(): Promise<void> | void;
  /** Told how far a long step has come. */
  onProgress?(text: string): void;
  onKey?(name: string, ms: number): void;
  onDiscard?(table: string, rows: number): void;
}

const slot = 'sendense-protection-flows';

/** The hooks of a runner; none where nothing was attached. */
export function runnerHooks(runner: QueryRunner): RunnerHooks {
  return (runner.data as Record<string, RunnerHooks | undefined> | undefined)?.[slot] ?? {};
}

/** Attaches hooks to a runner. */
export function attachHooks(runner: QueryRunner, hooks: RunnerHooks): void {
  (runner.data as Record<string, RunnerHooks>)[slot] = hooks;
}

/**
 * Refuses to go on where the migrator is not in charge: on an application's own DataSource nothing holds the lock, no
 * preflight has looked at the rows, and the history is not the one that every other command reads.
 *
 * @throws ProtectionFlowsError MIGRATION_UNGUARDED
 */
export function assertGuarded(runner: QueryRunner, migration: string): void {
  if (slot in (runner.data as object)) return;
  throw new ProtectionFlowsError('MIGRATION_UNGUARDED', {
    message: `${migration} is a migration of this package, and does not run on another DataSource: no lock would be held, no row be looked at, and nothing be recorded where protection-flows looks`,
    remedy:
      'Take the migrations of @sendense/protection-flows out of that DataSource\'s migrations, and run protection-flows migrate before it: docs/migrations.md, "In your application\'s DataSource".',
    details: { migration },
  });
}
