import type { QueryRunner } from 'typeorm';
import { isProtectionFlowsError } from '../../errors';
import { attachHooks, owner, type RunnerHooks } from '../../migrations';
import { executeStatement } from './execute-statement';
import { rowLockSeconds, withShortLockWait } from './lock-wait';
import type { MysqlOptions, ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { assertNotInterrupted } from './interruption';
import { withMigrationLock, type MigrationLock } from './lock';
import type { Node } from './node';
import { openConnection, type OwnConnection, type OwnConnectionOptions } from './open-connection';
import type { ProgressListener } from '../migrate/results';
import { thisRun } from '../server/this-run';
import { unlessSilent } from './silent-server';
import { TableProbe } from './table-probe';
import { answerLimitMs, Watchdog } from './watchdog';

/** What every command that changes the schema can be told. */
export interface SessionOptions {
  /** Told before each step, and from time to time during a long one; for progress displays. */
  readonly onProgress?: ProgressListener | undefined;
  /** Aborting it stops the command before its next statement, with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for another migrate, in milliseconds. Default: ten minutes. */
  readonly lockWaitMs?: number | undefined;
  /**
   * How long the lock outlasts this run in a cluster, should it go silent, in milliseconds. Default: 30 seconds. On the
   * same server others see at once that it is gone.
   */
  readonly lockLeaseMs?: number | undefined;
  /** How long each statement waits for a transaction that holds its table, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number | undefined;
}

/** A session that holds the migration lock. */
export interface MigrationSession {
  readonly runner: QueryRunner;
  /** The server that it is on. */
  readonly node: Node;
  /** How many statements that change something were started. */
  executed(): number;
  /** Asks, before something is changed without a step, whether to go on: throws INTERRUPTED or LOCK_LOST. */
  goOn(): Promise<void>;
  /** Tells progress of something that belongs to no migration. */
  tell(step: string): void;
}

/** Closes the runner's connection, so that it does not come back to the pool. */
function discard(runner: QueryRunner): void {
  const { databaseConnection } = runner as QueryRunner & { databaseConnection?: { destroy(): void } };
  databaseConnection?.destroy();
}

/**
 * Runs `work` on a session of its own that holds the migration lock. Whatever the steps execute on it tells
 * progress, stops at Ctrl-C and never waits long for a table.
 *
 * @param hooks what the steps are to know besides
 * @throws ProtectionFlowsError MIGRATE_LOCKED, LOCK_LOST, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, and what `work` throws
 */
export async function withMigrationSession<T>(
  dataSource: ProtectionFlowsDataSource,
  options: SessionOptions,
  hooks: RunnerHooks,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const { onProgress, signal, lockWaitMs: waitMs, lockLeaseMs: leaseMs } = options;
  const { appliedBy, packageVersion } = thisRun();
  const runner = dataSource.createQueryRunner('master');
  const beside: OwnConnection[] = [];
  const open = (special: OwnConnectionOptions = {}): OwnConnection => {
    const connection = openConnection(dataSource.options as MysqlOptions, { answerLimitMs, ...special });
    beside.push(connection);
    return connection;
  };
  const watchdog = new Watchdog(runner, open, () =>
    beside.flatMap((connection) => connection.threadId() ?? []),
  );
  const probe = new TableProbe(() => open({ multipleStatements: true }));
  const tell = (step: string): void => onProgress?.({ migration: null, step });
  let executed = 0;
  let lock: MigrationLock | undefined;
  const goOn = async (): Promise<void> => {
    assertNotInterrupted(signal);
    await lock?.assertHeld();
    assertNotInterrupted(signal);
  };
  attachHooks(
    runner,
    Object.assign(hooks, {
      server: dataSource.server,
      owner,
      tableWaitMs: options.tableWaitMs,
      goOn,
      onProgress: tell,
      onStep: (migration, step) => onProgress?.({ migration, step }),
      beforeStatement: async () => {
        await goOn();
        executed += 1;
      },
      execute: (sql) =>
        executeStatement(runner, sql, {
          watchdog,
          probe: lock?.node.isGalera ? probe : undefined,
          signal,
          tableWaitMs: options.tableWaitMs,
          rowLockSeconds: rowLockSeconds[dataSource.server.flavour],
          onWait: (holder) => tell(`wait for ${holder}`),
        }),
    } satisfies RunnerHooks),
  );
  const onWait = (rival: string): void => tell(`wait for ${rival}`);
  try {
    // Around the lock too: nobody can be told whom to wait for by a statement that waits on the server
    const locked = () =>
      withShortLockWait(runner, dataSource.server, () =>
        withMigrationLock(
          {
            session: runner,
            database: dataSource.database,
            open,
            holder: `${appliedBy}, version ${packageVersion}`,
            discard: () => discard(runner),
            signal,
            waitMs,
            leaseMs,
            onWait,
          },
          (held) => {
            lock = held;
            return work({ runner, node: held.node, executed: () => executed, goOn, tell });
          },
        ),
      );
    return await unlessSilent(locked, open, signal);
  } catch (error) {
    // It may hold the lock, and answers nothing
    if (isProtectionFlowsError(error, 'CONNECTION_TIMEOUT')) discard(runner);
    throw error;
  } finally {
    watchdog.close();
    probe.close();
    await runner.release();
  }
}
