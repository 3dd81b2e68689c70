import type { OutputStream } from './output/style';
import type { Services } from './services';

/** Everything that a run of the command line takes from its process. */
export interface CommandLine {
  /** The arguments behind the program's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Calls `listener` at every Ctrl-C or SIGTERM, until the returned function is called. */
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
