import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** The package's folder. */
export const packageFolder = resolve(__dirname, '../..');

/** The end of a program, and its output. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams together, for assertions about either. */
  readonly output: string;
}

/** Runs a program to its end. From our environment it gets only PATH and HOME. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<ProgramEnd> {
  const { PATH, HOME } = process.env;
  return new Promise((settle, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? packageFolder,
      env: { PATH, HOME, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', reject);
    child.on('close', (exitCode) => settle({ exitCode, stdout, stderr, output: stdout + stderr }));
  });
}
