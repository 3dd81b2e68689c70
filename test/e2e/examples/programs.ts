import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageFolder } from '../../support/run-program';
import { waitFor } from '../../support/wait-for';

/** A running program. */
export interface Program {
  /** The output so far, of both streams. */
  output(): string;
  /** The lines on stdout so far with this event, in the format of the scheduler's log. */
  logged(event: string): string[];
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or with the signal that ended the program. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

const running = new Map<ChildProcess, (signal: NodeJS.Signals) => void>();

// jest gives each test file a separate module registry, and therefore a separate list.
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
 * Starts a Node program in the package's folder with the given environment. It is killed after the file's tests.
 *
 * @param isCommand the program starts further programs, which must be killed too
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
  // The programs of a command survive the command: the whole process group must be killed
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

/** Starts an example without `npm run example`, which takes twice as long and has a separate test. */
export function startExample(name: 'api' | 'scheduler', env: NodeJS.ProcessEnv): Program {
  const register = join(packageFolder, 'test', 'support', 'register-swc.js');
  return startProgram(['-r', register, join('examples', name, 'main.ts')], env);
}

/** Like waitFor, with more time: several programs work on a busy machine. */
export function waitForPrograms<T>(condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  return waitFor(condition, { timeoutMs: 60_000, pollMs: 50 });
}

/** Fails with all output of the program if the program ends or takes too long. */
export async function waitUntilItSays(program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  let hasEnded = false;
  void program.ended.then(() => (hasEnded = true));
  await waitForPrograms(() => hasEnded || pattern.test(program.output())).catch(() => undefined);
  const found = pattern.exec(program.output());
  if (found === null) throw new Error(`it did not say ${pattern}, but: ${program.output()}`);
  return found;
}

/** Starts a scheduler that looks for work 20 times a second and backs a VM up in 50 ms; resolves once it is ready. */
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
