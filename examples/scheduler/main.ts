import { isProtectionFlowsError } from '@sendense/protection-flows';
import { dataSource } from '@sendense/protection-flows/data-source';
import { DatabaseWatch } from './database-watch';
import { createLog } from './log';
import { Scheduler } from './scheduler';
import { readSettings, SettingsError } from './settings';

/** Connects, brings the schema up to date, works until SIGTERM or SIGINT, and ends when its runs have. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog((line) => process.stdout.write(line));
  const watch = new DatabaseWatch(log, settings.pollMs);
  const stop = new AbortController();
  // Once: a second signal ends the program at once, and other schedulers will take its runs for dead
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  dataSource.setOptions({ migrationsRun: true });
  await watch.persist(() => dataSource.initialize(), stop.signal);
  log('ready', { worker: settings.workerName, database: dataSource.database, poll_ms: settings.pollMs });
  await new Scheduler(dataSource, settings, watch, log).work(stop.signal);
  await dataSource.destroy();
  log('stopped');
}

main().catch((error: unknown) => {
  const isExplained = error instanceof SettingsError || isProtectionFlowsError(error);
  const remedy = isProtectionFlowsError(error) ? `\n${error.remedy}` : '';
  process.stderr.write(`${isExplained ? `${error.message}${remedy}` : (error as Error).stack}\n`);
  process.exit(1);
});
