import { resolve } from 'node:path';
import type { TestDatabase } from '../../support/database';
import { temporaryFolder } from '../../support/temporary-folder';
import { waitFor } from '../../support/wait-for';
import { runProgram, type ProgramEnd } from '../../support/run-program';

/** The compiled program, as `bin` of package.json names it. */
export const program = resolve(__dirname, '../../../dist/cli/main.js');

export type Ran = ProgramEnd;

/** A folder without ormconfig.json. */
export const emptyFolder = (): string => temporaryFolder();

/** Runs the command line as a separate process, without the configuration in this process's environment. */
export function runCommandLine(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return runProgram(process.execPath, [program, ...args], {
    cwd: options.cwd ?? emptyFolder(),
    env: options.env,
  });
}

/** Resolves once a migrate of that database waits for another one. */
export async function migrateWaits({ session }: TestDatabase): Promise<void> {
  await waitFor(async () => {
    const waiting = (await session.query(
      "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'SELECT GET_LOCK%' AND ID <> CONNECTION_ID()",
    )) as unknown[];
    return waiting.length > 0;
  });
}
