import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageFolder } from '../../support/run-program';
import { waitFor } from '../../support/wait-for';

/** A program under way. */
export interface Program {
  /** Both streams so far. */
  output(): string;
  /** The lines on stdout so far in which this event stands, as the scheduler's log writes them. */
  logged(event: string): string[];
  kill(signal: NodeJS.Signals): void;
  /** The exit code once it has ended; the signal where one ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Map<ChildProcess, (signal: NodeJS.Signals) => void>();

// jest gives each test file a module registry of its own, and so a list of its own.
afterAll(async () => {
  await Promise.all(
    [...running].map(async ([child, kill]) => {
      const closed = once(child, 'close');
      kill('SIGKILL');
      await closed;
    }),
  );
});

/**
 * Starts a Node program in the package's folder, with an environment of its own; killed after the file's tests.
 *
 * @param isCommand it starts further programs, which are to be killed with it
 */
export function startProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { isCommand = false } = {},
): Program {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: packageFolder,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: isCommand,
  });
  // A command's programs outlive it when it is killed: they are killed as its group
  running.set(child, (signal) => (isCommand ? process.kill(-child.pid!, signal) : child.kill(signal)));
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | NodeJS.Signals;
  });
  return {
    output: () => output,
    logged: (event) => output.split('\n').filter((line) => line.split(' ')[1] === event),
    kill: (signal) => child.kill(signal),
    ended,
  };
}

/** Starts one of the examples, without its command: that takes twice as long, and has a test of its own. */
export function startExample(name: 'api' | 'scheduler', env: NodeJS.ProcessEnv): Program {
  const register = join(packageFolder, 'test', 'support', 'register-swc.js');
  return startProgram(['-r', register, join('examples', name, 'main.ts')], env);
}

/** As waitFor, for what several programs have to do on a busy machine. */
export function waitForPrograms<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  return waitFor(condition, { timeoutMs: 60_000, pollMs: 50 });
}

/** Fails, with all that it printed, where the program ends instead or takes too long. */
export async function waitUntilItSays(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));
  await waitForPrograms(() => hasEnded || pattern.test(program.output())).catch(() => undefined);
  const found = pattern.exec(program.output());
  if (found === null) throw new Error(`it did not say ${pattern}, but: ${program.output()}`);
  return found;
}

/** Starts a scheduler that looks for work 20 times a second and backs a VM up in 50 ms; ready when it resolves. */
export async function startScheduler(databaseUrl: string, env: NodeJS.ProcessEnv = {}): Promise<Program> {
  const program = startExample('scheduler', {
    DATABASE_URL: databaseUrl,
    POLL_MS: '50',
    BACKUP_MS: '50',
    ...env,
  });
  await waitUntilItSays(program, / ready /);
  return program;
}
