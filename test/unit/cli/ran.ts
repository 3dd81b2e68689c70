import { services as realServices, type OpenDatabase, type Services } from '../../../src/cli/services';
import { run, type CommandLine } from '../../../src/cli/run';
import type { ErrorReport } from '../../../src/errors';
import { auditResult } from './fixed-audit';
import { keptPlan, schemaFit } from './fixed-deployment';
import { recountResult } from './fixed-recount';
import * as fixed from './fixed-results';
import { Written } from './terminal';

const { migrateResult, plan, preflightResult, report, status } = fixed;
const { adoptResult, pruneResult, restoreOrphansResult, rollbackPlan, rollbackResult } = fixed;
/** A configuration with a password that no output may show. */
export const env = { DATABASE_URL: 'mysql://u:hu%40sh@h/d' };

/** How a command ended, what it printed, and what it called in the layer below. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: string[];
  readonly quitWith: number[];
  readonly json: () => unknown;
  readonly error: () => ErrorReport;
}

/** Services with other answers, an environment, and work to do during the command. */
export type Given = Partial<Services> & {
  env?: NodeJS.ProcessEnv;
  duringRun?: (interrupt: () => void, crash: (error: unknown) => void) => void;
};

/** Runs the command line in this process, on services that answer with fixed results. */
export async function ran(line: string, given: Given = {}): Promise<Ran> {
  const [stdout, stderr] = [new Written(), new Written()];
  const calls: string[] = [];
  const quitWith: number[] = [];
  const listeners = new Set<() => void>();
  let crash: (error: unknown) => void = () => undefined;
  const answer =
    <Result>(name: string, result: Result) =>
    (_dataSource: unknown, options?: object): Promise<Result> => {
      calls.push(`${name} ${JSON.stringify({ ...options, signal: undefined })}`);
      return Promise.resolve(result);
    };
  const dataSource = {
    destroy: () => {
      calls.push('destroy');
      return Promise.resolve();
    },
  } as unknown as OpenDatabase;
  const services: Services = {
    ...realServices,
    openDatabase: () => Promise.resolve(dataSource),
    openDataSource: () => Promise.resolve(dataSource as never),
    migrate: answer('migrate', migrateResult),
    adopt: answer('adopt', adoptResult),
    runPreflight: answer('preflight', preflightResult),
    planMigrate: answer('plan', plan),
    keepPlan: answer('keep', keptPlan),
    rollback: answer('rollback', rollbackResult),
    planRollback: answer('plan rollback', rollbackPlan),
    restoreOrphans: answer('restore', restoreOrphansResult),
    prune: answer('prune', pruneResult),
    recount: answer('recount', recountResult),
    audit: answer('audit', auditResult),
    readStatus: answer('status', status),
    verify: answer('verify', report),
    checkSchema: answer('check', schemaFit),
    waitForSchema: (_subject, settings, options) =>
      answer('wait', { ...schemaFit, waitedMs: 5 })(settings, options),
    ...given,
  };
  const commandLine: CommandLine = {
    argv: line === '' ? [] : line.split(' '),
    env: given.env ?? env,
    cwd: '/',
    stdout,
    stderr,
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onCrash: (listener) => {
      crash = listener;
    },
    onWarning: () => () => undefined,
    quit: (code) => quitWith.push(code),
    services,
  };
  const running = run(commandLine);
  await new Promise((resolve) => setImmediate(resolve));
  given.duringRun?.(() => [...listeners].forEach((listener) => listener()), crash);
  const exitCode = await running;
  expect(listeners.size).toBe(0);
  expect(stdout.text + stderr.text).not.toMatch(/hu@sh|hu%40sh/);
  return {
    exitCode,
    stdout: stdout.text,
    stderr: stderr.text,
    calls,
    quitWith,
    json: () => JSON.parse(stdout.text) as unknown,
    error: () => (JSON.parse(stdout.text) as { error: ErrorReport }).error,
  };
}
