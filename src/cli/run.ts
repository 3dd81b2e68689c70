import { CommanderError } from 'commander';
import type { CommandLine } from './command-line';
import { printableError } from './error-report';
import { exitCodes } from './exit-codes';
import { Reporter } from './output/reporter';
import { createProgram } from './program';
import { Run } from './run-command';
import { isHelpOrVersion, usageError } from './usage-error';

/** Arguments are looked at before they are parsed: a usage error has to be printed in the form asked for, too. */
function isGiven(option: string, argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes(option);
}

/**
 * Runs one command line to its end and prints what there is to print. Never throws.
 *
 * @returns the exit code
 */
export async function run(commandLine: CommandLine): Promise<number> {
  const { argv, env, stdout, stderr } = commandLine;
  const reporter = new Reporter(stdout, stderr, {
    json: isGiven('--json', argv),
    color: !isGiven('--no-color', argv),
    env,
  });
  const state = new Run(commandLine, reporter);
  const program = createProgram(state);
  const printError = (error: unknown): number => {
    const { report, exitCode, trace } = printableError(error, state.secrets);
    reporter.error(report);
    if (env.PROTECTION_FLOWS_DEBUG === '1') reporter.trace(trace);
    return exitCode;
  };
  const stopListening = commandLine.onWarning((warning) => reporter.warning(warning));
  commandLine.onCrash((error) => commandLine.quit(printError(error)));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return state.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && isHelpOrVersion(error)) return exitCodes.done;
    return printError(error instanceof CommanderError ? usageError(error, program) : error);
  } finally {
    stopListening();
    reporter.end();
  }
}
