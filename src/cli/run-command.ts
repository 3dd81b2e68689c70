import { loadConnection, type ConnectionSettings } from '../config';
import { ProtectionFlowsError } from '../errors';
import type { ProgressListener, ProtectionFlowsDataSource } from '../engine/migrate';
import type { CommandLine, GlobalOptions } from './command-line';
import { exitCodes } from './exit-codes';
import { Interruption } from './interruption';
import type { Reporter } from './output/reporter';
import type { Style } from './output/style';
import type { MarkdownModule, Services, TextModule } from './services';

/** What a command of the database works with. */
export interface CommandContext {
  readonly dataSource: ProtectionFlowsDataSource;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** A command of the database: what it does, and how its result reads. */
export interface DatabaseCommand<Result extends { readonly ok: boolean }> {
  /** True where it looks at the signal, and stops between two statements. Others are dropped where they are. */
  readonly stopsBetweenStatements: boolean;
  run(context: CommandContext): Promise<Result>;
  text(texts: TextModule, result: Result, style: Style): readonly string[];
  markdown(texts: MarkdownModule, result: Result): readonly string[];
}

/** One run of the program: its streams, and what its command leaves behind. */
export class Run {
  exitCode: number = exitCodes.done;
  /** Set as soon as a configuration is read, so that every error printed from then on is without the password. */
  secrets: ConnectionSettings | null = null;

  constructor(
    readonly commandLine: CommandLine,
    readonly reporter: Reporter,
  ) {}

  /** Connects, runs the command, prints its result and decides the exit code. */
  async database<Result extends { readonly ok: boolean }>(
    options: GlobalOptions,
    command: DatabaseCommand<Result>,
  ): Promise<void> {
    const { env, cwd, load } = this.commandLine;
    assertOneForm(options);
    const settings = loadConnection({ configFile: options.config, env, cwd });
    this.secrets = settings;
    const services = load.services();
    const result = await this.interruptible(command.stopsBetweenStatements, async (signal) => {
      const dataSource = await unlessAborted(services.openDataSource(settings), signal);
      try {
        return await command.run({ dataSource, services, signal, onProgress: this.reporter.progress });
      } finally {
        await close(dataSource);
      }
    });
    this.reporter.result(result, (style) =>
      options.markdown === true
        ? command.markdown(load.markdown(), result)
        : command.text(load.text(), result, style),
    );
    this.exitCode = result.ok ? exitCodes.done : exitCodes.found;
  }

  /** Runs `work` with a signal that Ctrl-C raises; a second one leaves the process. */
  async interruptible<Result>(
    stopsItself: boolean,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const interruption = new Interruption(this.commandLine, this.reporter, stopsItself);
    try {
      const result = work(interruption.signal);
      if (stopsItself) return await result;
      result.catch(() => undefined);
      return await Promise.race([result, interruption.raised.then(() => Promise.reject(interrupted()))]);
    } finally {
      interruption.stopListening();
    }
  }
}

function assertOneForm({ json, markdown }: GlobalOptions): void {
  if (json !== true || markdown !== true) return;
  throw new ProtectionFlowsError('USAGE', {
    message: '--json and --markdown are given, but there is one result to print',
    remedy: 'Give one of them.',
  });
}

function interrupted(): ProtectionFlowsError {
  return new ProtectionFlowsError('INTERRUPTED', {
    message: 'stopped by Ctrl-C or SIGTERM',
    consequence: 'Nothing was changed.',
    remedy: 'Run the command again.',
  });
}

/** The data source, unless the signal comes first; one that is open later is closed. */
async function unlessAborted(
  opening: Promise<ProtectionFlowsDataSource>,
  signal: AbortSignal,
): Promise<ProtectionFlowsDataSource> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(interrupted());
    signal.addEventListener('abort', () => reject(interrupted()), { once: true });
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(close, () => undefined);
    throw error;
  }
}

/** A connection that does not close is no reason to keep the caller waiting, or to hide the command's own error. */
const closeLimitMs = 2_000;

async function close(dataSource: ProtectionFlowsDataSource): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimitMs);
  });
  await Promise.race([dataSource.destroy().catch(() => undefined), limit]);
  clearTimeout(timer);
}
