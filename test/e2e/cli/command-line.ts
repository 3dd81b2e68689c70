import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The compiled program, as `bin` of package.json names it. */
export const program = resolve(__dirname, '../../../dist/cli/main.js');

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder without ormconfig.json. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'cli-'));

/** Runs the command line as a process of its own, with nothing of this one's configuration in its environment. */
export function runCommandLine(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: options.cwd ?? emptyFolder(),
      env: { PATH: process.env.PATH, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', failed);
    child.on('close', (exitCode) => done({ exitCode, stdout, stderr }));
  });
}
