import { createRepositories, createWorker } from '@sendense/protection-flows';
import { backUpFlow } from './back-up-flow';
import { SimulatedBackupEngine } from './backup-engine';
import { keepTidy } from './keep-tidy';
import { endWith, openDatabase, stopSignal } from './lifetime';
import { createLog, logEvents } from './log';
import { readSettings } from './settings';

/** Migrates, works until SIGTERM or SIGINT, and exits when its runs have ended. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog((line) => process.stdout.write(line));
  const stopped = stopSignal();
  const dataSource = await openDatabase(settings.worker, stopped, log);
  const repositories = createRepositories(dataSource);
  const engine = new SimulatedBackupEngine(settings.simulation, dataSource);
  const tools = { targets: repositories.targets, engine, vmsAtOnce: settings.vmsAtOnce, log };
  const worker = createWorker({ ...settings.worker, repositories, run: (run) => backUpFlow(run, tools) });
  logEvents(worker, log);
  keepTidy(worker, { repositories, engine, keepDays: settings.keepDays, log });
  worker.start();
  await stopped;
  await worker.stop();
  await dataSource.destroy();
  log('stopped');
}

main().catch(endWith);
