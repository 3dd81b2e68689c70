import { CommanderError } from 'commander';
import { loadConnection, redact, type ConnectionSettings } from '../config';
import { ProtectionFlowsError } from '../errors';
import type { CommandRecord, Deed } from './command-record';
import { exitCodes, printableError, usageFault } from './error-report';
import type { Options } from './options';
import { annotations } from './output/findings';
import { Reporter } from './output/reporter';
import type { OutputStream } from './output/style';
import { createProgram, isHelpOrVersion, usageError } from './program';
import type { OpenDatabase, Services } from './services';

/** Everything that a run of the command line needs from its process. */
export interface CommandLine {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` at every Ctrl-C or SIGTERM, and at a SIGHUP that comes first. Returns what ends that. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Calls `listener` with an error that nobody caught, as of a timer or a connection. It ends the run. */
  readonly onCrash: (listener: (error: unknown) => void) => void;
  /** Calls `listener` with each warning of this package instead of printing it. Returns what ends that. */
  readonly onWarning: (
    listener: (warning: { readonly code?: string; readonly message: string }) => void,
  ) => () => void;
  /** Ends the process at once. */
  readonly quit: (exitCode: number) => void;
  /** The functions of the engine and the data layer that the commands call. */
  readonly services: Services;
}

/** Whether an option is given, before the arguments are parsed: a usage error has to be printed in the wanted form too. */
function isGiven(option: string, argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes(option);
}

/**
 * Runs one command line to its end and prints its result or its error. Never throws.
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
  let explained = '';
  const program = createProgram(
    (text) => (explained += text),
    (record, options) => state.perform(record, options),
  );
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
    if (error instanceof CommanderError && isHelpOrVersion(error)) {
      const text = explained.trimEnd();
      reporter.result({ [error.code === 'commander.version' ? 'version' : 'help']: text }, () => [text]);
      return exitCodes.done;
    }
    return printError(error instanceof CommanderError ? usageError(error, program) : error);
  } finally {
    stopListening();
    reporter.end();
  }
}

/** One run of the program: its streams, and what its command leaves behind. */
class Run {
  exitCode: number = exitCodes.done;
  /** Set as soon as a configuration is read: everything printed later is without these secrets. */
  secrets: ConnectionSettings | null = null;

  constructor(
    private readonly commandLine: CommandLine,
    private readonly reporter: Reporter,
  ) {}

  /** Runs the command, prints its result and sets the exit code. */
  async perform(record: CommandRecord, options: Options): Promise<void> {
    assertOneForm(options, record.deed !== null);
    const { demo } = this.commandLine.services;
    const ok =
      record.deed === null
        ? await this.interruptible(true, (signal) => demo(this.reporter, signal))
        : await this.onDatabase(record.deed(options), options);
    this.exitCode = ok ? exitCodes.done : exitCodes.found;
  }

  private async onDatabase(deed: Deed, options: Options): Promise<boolean> {
    const { env, cwd, services, stderr } = this.commandLine;
    const settings = loadConnection({ configFile: options.config, env, cwd });
    this.secrets = settings;
    const { progress: onProgress } = this.reporter;
    const onStatement = (sql: string, ms: number): void => this.reporter.statement(redact(sql, settings), ms);
    const result = await this.interruptible(deed.stopsBetweenStatements === true, async (signal) => {
      const open = deed.open?.(services) ?? services.openDatabase;
      const opening = open(settings, options.verbose === true ? onStatement : undefined);
      const database = await unlessAborted(opening, signal);
      try {
        return await deed.run({ database, services, signal, onProgress, isTerminal: stderr.isTTY === true });
      } finally {
        await close(database);
      }
    });
    this.reporter.result(result, (style) =>
      options.markdown === true
        ? deed.output.markdown(result)
        : deed.output.text(result, style).map((line) => this.reporter.asTyped(line)),
    );
    if (options.markdown === true && env.GITHUB_ACTIONS === 'true')
      annotations(result).forEach((line) => this.reporter.command(line));
    return result.ok;
  }

  /**
   * Runs `work` with a signal that the first Ctrl-C, SIGTERM or SIGHUP raises. The second one ends the process.
   *
   * @param stopsItself true if the work obeys the signal: the user is told what it waits for. Otherwise it is abandoned.
   */
  private async interruptible<Result>(
    stopsItself: boolean,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const controller = new AbortController();
    const { signal } = controller;
    const stopListening = this.commandLine.onInterrupt(() => {
      if (signal.aborted) {
        this.reporter.end();
        this.commandLine.quit(exitCodes.quit);
        return;
      }
      if (stopsItself)
        this.reporter.note('Stopping after the current statement. Ctrl-C again quits at once.');
      controller.abort();
    });
    try {
      const result = work(signal);
      return await (stopsItself ? result : Promise.race([result, abortOf(signal)]));
    } finally {
      stopListening();
    }
  }
}

function assertOneForm({ json, markdown }: Options, hasMarkdown: boolean): void {
  if (markdown !== true) return;
  if (!hasMarkdown)
    throw usageFault(
      'demo prints what it does as it goes, and has no result to print as Markdown',
      'Leave out --markdown.',
    );
  if (json === true)
    throw usageFault(
      '--json and --markdown are both given, but the result has one form',
      'Give one of them.',
    );
}

/** Rejects with INTERRUPTED once the signal is raised. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void =>
      reject(
        new ProtectionFlowsError('INTERRUPTED', {
          message: 'stopped by Ctrl-C, SIGTERM or SIGHUP',
          consequence: 'Nothing was changed.',
          remedy: 'Run the command again.',
        }),
      );
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Waits for the database, unless the signal comes first: then a database that opens later is closed. */
async function unlessAborted(opening: Promise<OpenDatabase>, signal: AbortSignal): Promise<OpenDatabase> {
  try {
    return await Promise.race([opening, abortOf(signal)]);
  } catch (error) {
    opening.then(close, () => undefined);
    throw error;
  }
}

/** The longest wait for a connection to close: nothing may delay the command's end, or hide its own error. */
const closeLimitMs = 2_000;

async function close(database: OpenDatabase): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimitMs);
  });
  await Promise.race([database.destroy().catch(() => undefined), limit]);
  clearTimeout(timer);
}
