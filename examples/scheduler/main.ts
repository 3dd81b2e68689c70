import { setTimeout as delay } from 'node:timers/promises';
import {
  createRepositories,
  createWorker,
  isPassing,
  isProtectionFlowsError,
} from '@sendense/protection-flows';
import { dataSource } from '@sendense/protection-flows/data-source';
import { backUpFlow } from './back-up-flow';
import { SimulatedBackupEngine } from './backup-engine';
import { keepTidy } from './keep-tidy';
import { createLog, errorFacts, logEvents } from './log';
import { readSettings, SettingsError } from './settings';

/** Brings the schema up to date, works until SIGTERM or SIGINT, and ends when its runs have. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const { pollMs, keepDays } = settings;
  const log = createLog((line) => process.stdout.write(line));
  // Once: a second signal ends the program at once, and other schedulers will take its runs for dead
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const stopped = new Promise<void>((stop) =>
    signals.forEach((signal) => process.once(signal, () => stop())),
  );
  dataSource.setOptions({ migrationsRun: true });
  while (!dataSource.isInitialized)
    await dataSource.initialize().catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      log('database-away', errorFacts(error));
      return Promise.race([stopped.then(() => process.exit(0)), delay(pollMs)]);
    });
  log('ready', { worker: settings.workerName, database: dataSource.database, poll_ms: pollMs });

  const repositories = createRepositories(dataSource);
  const engine = new SimulatedBackupEngine(settings, dataSource);
  const tools = { targets: repositories.targets, engine, vmsAtOnce: settings.vmsAtOnce, log };
  const worker = createWorker({
    repositories,
    run: (run) => backUpFlow(run, tools),
    name: settings.workerName,
    concurrency: settings.maxRuns,
    perRepository: settings.perRepository,
    pollMs,
    heartbeatMs: Math.floor(settings.silenceMs / 4),
    silenceMs: settings.silenceMs,
    stopMs: settings.stopLimitMs,
  });
  logEvents(worker, log);
  keepTidy(worker, { repositories, engine, keepDays, log });
  worker.start();
  await stopped;
  await worker.stop();
  await dataSource.destroy();
  log('stopped');
}

main().catch((error: unknown) => {
  const isExplained = error instanceof SettingsError || isProtectionFlowsError(error);
  const remedy = isProtectionFlowsError(error) ? `\n${error.remedy}` : '';
  process.stderr.write(`${isExplained ? `${error.message}${remedy}` : (error as Error).stack}\n`);
  process.exit(1);
});
