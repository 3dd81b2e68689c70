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
 * Connects a data source that is not connected, and again after a fault that may pass; migrates where that is wanted.
 * One that is connected already is only migrated. NestJS's log has a line for each migration that was applied, and a warning
 * for each key that was not added.
 *
 * @throws what `initialize()` and, at a start, `runMigrations()` throw; connection errors only after the last attempt
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
 * Waits until the program fits the schema; each thing that it waits for is a warning.
 *
 * @throws SCHEMA_UNFIT when the time is over
 */
async function waitForFit(dataSource: ProtectionFlowsDataSource, timeoutMs: number): Promise<void> {
  const logger = new Logger('ProtectionFlowsModule');
  const onProgress = ({ step }: { readonly step: string }): void => logger.warn(step);
  const fit = await waitUntilFit(() => checkSchema(dataSource), { timeoutMs, onProgress });
  if (!fit.ok) throw schemaUnfit(fit);
}

/** What the modules of this process do with one data source. */
interface Use {
  /** Connected by others before the first of the modules came. */
  readonly openedElsewhere: boolean;
  modules: number;
  closes: boolean;
  /** Settled when the modules so far have opened and closed it: one after another, so that each sees what is there. */
  turn: Promise<unknown>;
}

/** Two applications in one process share the shared data source: the first to go must not close it under the other. */
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
  // One that came meanwhile connects it anew
  if (use.modules === 0) uses.delete(dataSource);
}

/** Connects the data source of one module, and lets go of it when the application shuts down. */
@Injectable()
export class DataSourceKeeper implements OnApplicationShutdown {
  private kept: ProtectionFlowsDataSource | undefined;

  /**
   * The data source that the options name, connected.
   *
   * @throws what {@link connect} throws, and SCHEMA_UNFIT; the data source is then as closed as it was
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

  /** Closes the data source if that is this module's to do. A fault is logged: other modules still have to end. */
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
