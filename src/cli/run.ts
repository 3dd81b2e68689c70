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

/** Everything that a run of the command line takes from its process. */
export interface CommandLine {
  /** The arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` at every Ctrl-C or SIGTERM, and at a SIGHUP that comes first, until the returned function is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** Calls `listener` with an error that nobody caught: one of a timer or a connection. The run is over with it. */
  readonly onCrash: (listener: (error: unknown) => void) => void;
  /** Calls `listener` with each warning of this package, which is not printed otherwise, until the returned function is called. */
  readonly onWarning: (
    listener: (warning: { readonly code?: string; readonly message: string }) => void,
  ) => () => void;
  /** Leaves the process at once. */
  readonly quit: (exitCode: number) => void;
  /** What the commands ask of the engine and of the data layer. */
  readonly services: Services;
}

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
  /** Set as soon as a configuration is read, so that everything printed from then on is without the password. */
  secrets: ConnectionSettings | null = null;

  constructor(
    private readonly commandLine: CommandLine,
    private readonly reporter: Reporter,
  ) {}

  /** Does what the command is for, prints its result and decides the exit code. */
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
   * Runs `work` with a signal that the first Ctrl-C, SIGTERM or SIGHUP raises; the second one leaves the process.
   *
   * @param stopsItself whether the work looks at the signal, and the user is told what to wait for
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
        this.reporter.note('Stopping after the statement under way. Ctrl-C again quits at once.');
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
      'demo shows what it does as it goes, and has no result to print as Markdown',
      'Leave out --markdown.',
    );
  if (json === true)
    throw usageFault(
      '--json and --markdown are given, but there is one result to print',
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

/** The database, unless the signal comes first; one that is open later is closed. */
async function unlessAborted(opening: Promise<OpenDatabase>, signal: AbortSignal): Promise<OpenDatabase> {
  try {
    return await Promise.race([opening, abortOf(signal)]);
  } catch (error) {
    opening.then(close, () => undefined);
    throw error;
  }
}

/** A connection that does not close is no reason to keep the caller waiting, or to hide the command's own error. */
const closeLimitMs = 2_000;

async function close(database: OpenDatabase): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimitMs);
  });
  await Promise.race([database.destroy().catch(() => undefined), limit]);
  clearTimeout(timer);
}
