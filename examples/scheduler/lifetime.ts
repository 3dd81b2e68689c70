import { setTimeout as delay } from 'node:timers/promises';
import { isPassing, isProtectionFlowsError } from '@sendense/protection-flows';
import { dataSource } from '@sendense/protection-flows/data-source';
import { errorFacts, type Log } from './log';
import { SettingsError, type SchedulerSettings } from './settings';

/** Resolves at the first SIGTERM or SIGINT. A second one ends the program at once; other schedulers then end its runs. */
export const stopSignal = (): Promise<void> =>
  new Promise((stop) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop());
  });

/** Connects and migrates as soon as the database is there; ends the program if it is stopped before. */
export async function openDatabase(
  { name, pollMs }: SchedulerSettings['worker'],
  stopped: Promise<void>,
  log: Log,
): Promise<typeof dataSource> {
  dataSource.setOptions({ migrationsRun: true });
  while (!dataSource.isInitialized)
    await dataSource.initialize().catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      log('database-away', errorFacts(error));
      return Promise.race([stopped.then(() => process.exit(0)), delay(pollMs)]);
    });
  log('ready', { worker: name, database: dataSource.database, poll_ms: pollMs });
  return dataSource;
}

/** Ends the program with a message about an error; with its stack only if the error is unexpected. */
export function endWith(error: unknown): never {
  const isExplained = error instanceof SettingsError || isProtectionFlowsError(error);
  const remedy = isProtectionFlowsError(error) ? `\n${error.remedy}` : '';
  process.stderr.write(`${isExplained ? `${error.message}${remedy}` : (error as Error).stack}\n`);
  process.exit(1);
}
