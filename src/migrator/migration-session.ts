import type { QueryRunner } from 'typeorm';
import { attachHooks, type RunnerHooks } from '../migrations';
import { executeStatement } from './waiting/execute-statement';
import { rowLockSeconds, withShortLockWait } from './waiting/lock-wait';
import type { MysqlOptions, ProtectionFlowsDataSource } from './guarded-data-source';
import { assertNotInterrupted } from './interruption';
import { withMigrationLock } from './lock';
import { openConnection } from './open-connection';
import type { ProgressListener } from './results';
import { answerLimitMs, Watchdog } from './waiting/watchdog';

/** What every command that changes the schema can be told. */
export interface SessionOptions {
  /** Told before each step, and from time to time during a long one; for progress displays. */
  readonly onProgress?: ProgressListener;
  /** Aborting it stops the command before its next statement, with INTERRUPTED. */
  readonly signal?: AbortSignal;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly lockWaitMs?: number;
  /** How long each statement waits for a transaction that holds its table, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
}

/** A session that holds the migration lock. */
export interface MigrationSession {
  readonly runner: QueryRunner;
  /** How many statements that change something were started. */
  executed(): number;
  /** Tells progress of something that belongs to no migration. */
  tell(step: string): void;
}

/**
 * Runs `work` on a session of its own that holds the migration lock. Whatever the steps execute on it tells
 * progress, stops at Ctrl-C and never waits long for a table.
 *
 * @param hooks what the steps are to know besides
 * @throws ProtectionFlowsError MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, and what `work` throws
 */
export async function withMigrationSession<T>(
  dataSource: ProtectionFlowsDataSource,
  options: SessionOptions,
  hooks: RunnerHooks,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const { onProgress, signal, lockWaitMs: waitMs } = options;
  const runner = dataSource.createQueryRunner('master');
  const watchdog = new Watchdog(runner, () =>
    openConnection(dataSource.options as MysqlOptions, answerLimitMs),
  );
  const tell = (step: string): void => onProgress?.({ migration: null, step });
  let executed = 0;
  attachHooks(
    runner,
    Object.assign(hooks, {
      tableWaitMs: options.tableWaitMs,
      goOn: () => assertNotInterrupted(signal),
      onProgress: tell,
      onStep: (migration, step) => onProgress?.({ migration, step }),
      beforeStatement: () => {
        assertNotInterrupted(signal);
        executed += 1;
      },
      execute: (sql) =>
        executeStatement(runner, sql, {
          watchdog,
          signal,
          tableWaitMs: options.tableWaitMs,
          rowLockSeconds: rowLockSeconds[dataSource.server.flavour],
          onWait: (holder) => tell(`wait for ${holder}`),
        }),
    } satisfies RunnerHooks),
  );
  const onWait = (holder: string): void => tell(`wait for the migrate of ${holder}`);
  try {
    return await withMigrationLock(
      { session: runner, database: dataSource.database, signal, waitMs, onWait },
      () =>
        withShortLockWait(runner, dataSource.server, () => work({ runner, executed: () => executed, tell })),
    );
  } finally {
    watchdog.close();
    await runner.release();
  }
}
