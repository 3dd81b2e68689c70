import { Logger, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { backOff } from 'exponential-backoff';
import { isAbsent } from '../config/option-reader';
import { isPassing } from '../errors';
import { checkSchema, schemaUnfit } from '../engine/verify/check-schema';
import { waitUntilFit } from '../engine/verify/wait-for-schema';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { runPending, refusedLine, reportStart } from '../typeorm/run-pending';
import type { ProtectionFlowsModuleOptions } from './options';
import { createDataSource } from '../typeorm/create-data-source';
import { dataSource as sharedDataSource } from '../data-source';

const longestDelayMs = 10_000;

/**
 * Connects the data source, retrying after a fault that may pass, and migrates if the options say so. A data source that
 * is connected already is only migrated. NestJS's log gets a line for each applied migration, and a warning for each key
 * that was not added.
 *
 * @throws errors of `initialize()` and of `runMigrations()` at a start; connection errors only after the last attempt
 */
async function connect(
  dataSource: ProtectionFlowsDataSource,
  { migrationsRun, retryAttempts, retryDelayMs }: ProtectionFlowsModuleOptions,
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
  const attempts = (retryAttempts ?? 10) + 1;
  const startingDelay = retryDelayMs ?? 500;
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

/**
 * Waits until the program fits the schema. Logs a warning for each thing that it waits for.
 *
 * @throws SCHEMA_UNFIT after `timeoutMs`
 */
async function waitForFit(dataSource: ProtectionFlowsDataSource, timeoutMs: number): Promise<void> {
  const logger = new Logger('ProtectionFlowsModule');
  const onProgress = ({ step }: { readonly step: string }): void => logger.warn(step);
  const fit = await waitUntilFit(() => checkSchema(dataSource), { timeoutMs, onProgress });
  if (!fit.ok) throw schemaUnfit(fit);
}

/** The use of one data source by the modules of this process. */
interface Use {
  /** True if it was connected before the first module used it. */
  readonly openedElsewhere: boolean;
  modules: number;
  closes: boolean;
  /** Settled when the latest module has opened or closed it. They take turns, so that each sees its state. */
  turn: Promise<unknown>;
}

/** Two applications in one process may share a data source: the first one to stop must not close it for the other. */
const uses = new WeakMap<ProtectionFlowsDataSource, Use>();

function useOf(dataSource: ProtectionFlowsDataSource): Use {
  const { isInitialized: openedElsewhere } = dataSource;
  const unused = { openedElsewhere, modules: 0, closes: false, turn: Promise.resolve() };
  const use = uses.get(dataSource) ?? unused;
  uses.set(dataSource, use);
  return use;
}

function inTurn(use: Use, work: () => Promise<void>): Promise<void> {
  const done = use.turn.then(work);
  use.turn = done.catch(() => undefined);
  return done;
}

async function leave(dataSource: ProtectionFlowsDataSource): Promise<void> {
  const use = useOf(dataSource);
  use.modules -= 1;
  await inTurn(use, async () => {
    if (use.modules === 0 && use.closes && dataSource.isInitialized) await dataSource.destroy();
  });
  // A module that came meanwhile connects the data source again
  if (use.modules === 0) uses.delete(dataSource);
}

/** Connects the data source of one module, and releases it when the application shuts down. */
@Injectable()
export class DataSourceKeeper implements OnApplicationShutdown {
  private kept: ProtectionFlowsDataSource | undefined;

  /**
   * Returns the data source that the options name, connected.
   *
   * @throws errors of {@link connect}, and SCHEMA_UNFIT. The data source is then released as at a shutdown
   */
  async open(options: ProtectionFlowsModuleOptions): Promise<ProtectionFlowsDataSource> {
    const { connection, dataSource: given, destroyOnShutdown, schemaWaitMs } = options;
    const dataSource = given ?? (connection === undefined ? sharedDataSource : createDataSource(connection));
    const use = useOf(dataSource);
    use.modules += 1;
    use.closes ||= destroyOnShutdown ?? (given === undefined && !use.openedElsewhere);
    try {
      await inTurn(use, async () => {
        await connect(dataSource, options);
        if (!isAbsent(schemaWaitMs)) await waitForFit(dataSource, schemaWaitMs);
      });
    } catch (error) {
      await leave(dataSource);
      throw error;
    }
    this.kept = dataSource;
    return dataSource;
  }

  /** Closes the data source if this module has to. Logs a fault: other modules still have to shut down. */
  async onApplicationShutdown(): Promise<void> {
    const { kept } = this;
    this.kept = undefined;
    if (kept === undefined) return;
    try {
      await leave(kept);
    } catch (error) {
      new Logger('ProtectionFlowsModule').error(`The connections were not closed: ${String(error)}`);
    }
  }
}
