import { Logger } from '@nestjs/common';
import { backOff } from 'exponential-backoff';
import { isProtectionFlowsError, type ErrorCode, type ProtectionFlowsError } from '../errors';
import type { ProtectionFlowsDataSource } from '../engine/migrate';
import { runPending } from '../typeorm/run-pending';
import { refusedLine, reportStart } from '../typeorm/start-report';
import { retryDefaults, type ProtectionFlowsModuleOptions } from './module-options';

type ConnectOptions = Pick<ProtectionFlowsModuleOptions, 'migrationsRun' | 'retryAttempts' | 'retryDelayMs'>;

const longestDelayMs = 10_000;

/** Faults of a server that is still starting, or not yet to be found; any other will be there next time too. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'CONNECTION_LOST',
  'NO_WRITABLE_HOST',
  'SERVER_NOT_READY',
  'HOST_UNKNOWN',
]);

function isPassing(error: unknown): error is ProtectionFlowsError {
  return isProtectionFlowsError(error) && passing.has(error.code);
}

/**
 * Connects a data source that is not connected, and again after a fault that may pass; migrates where that is wanted.
 * One that is connected already is only migrated. NestJS's log has a line for each migration that was applied, and a warning
 * for each key that was not added.
 *
 * @throws what `initialize()` and, at a start, `runMigrations()` throw; connection errors only after the last attempt
 */
export async function connect(
  dataSource: ProtectionFlowsDataSource,
  { migrationsRun, retryAttempts, retryDelayMs }: ConnectOptions,
): Promise<void> {
  const logger = new Logger('ProtectionFlowsModule');
  reportStart(dataSource, {
    applied: (name) => logger.log(`${name} applied`),
    deferred: ({ code, message }) => logger.warn(`${code}: ${message}; a later migrate adds it`),
    refused: (finding) => logger.warn(refusedLine(finding)),
    waits: (text) => logger.warn(text),
  });
  if (dataSource.isInitialized) {
    if (migrationsRun) await runPending(dataSource, true);
    return;
  }
  if (migrationsRun !== undefined) dataSource.setOptions({ migrationsRun });
  const attempts = (retryAttempts ?? retryDefaults.retryAttempts) + 1;
  const startingDelay = retryDelayMs ?? retryDefaults.retryDelayMs;
  await backOff(() => dataSource.initialize(), {
    numOfAttempts: attempts,
    startingDelay,
    maxDelay: Math.max(longestDelayMs, startingDelay),
    retry: (error: unknown, failed) => {
      if (!isPassing(error) || failed === attempts) return false;
      logger.warn(`attempt ${failed} of ${attempts} to connect failed: ${error.code}: ${error.message}`);
      return true;
    },
  });
}
