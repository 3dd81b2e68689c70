import { resolve } from 'node:path';
import { temporaryFolder } from '../../support/temporary-folder';
import { runProgram, type ProgramEnd } from '../../support/run-program';

/** The compiled program, as `bin` of package.json names it. */
export const program = resolve(__dirname, '../../../dist/cli/main.js');

export type Ran = ProgramEnd;

/** A folder without ormconfig.json. */
export const emptyFolder = (): string => temporaryFolder();

/** Runs the command line as a process of its own, with nothing of this one's configuration in its environment. */
export function runCommandLine(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return runProgram(process.execPath, [program, ...args], {
    cwd: options.cwd ?? emptyFolder(),
    env: options.env,
  });
}
