import { exitCodes, printableError } from '../../src/cli/error-report';

/** Prints progress on stderr: stdout holds only the result. */
export function progress(text: string): void {
  process.stderr.write(`… ${text}\n`);
}

/** Runs a script's main function. Its result is the exit code; an error is printed in three lines. */
export async function runScript(
  help: string,
  main: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${help}\n`);
    process.exitCode = exitCodes.done;
    return;
  }
  try {
    process.exitCode = await main(args);
  } catch (error) {
    const { report, exitCode, trace } = printableError(error, null);
    const { code, message, consequence, remedy } = report;
    process.stderr.write(`error ${code}: ${message}\n  ${consequence}\n  fix: ${remedy}\n`);
    if (process.env['PROTECTION_FLOWS_DEBUG'] === '1') process.stderr.write(`${trace}\n`);
    process.exitCode = exitCode;
  }
}

/** Prints the result. */
export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
