import type { CommandLine } from './command-line';
import { exitCodes } from './exit-codes';
import type { Reporter } from './output/reporter';

/** Ctrl-C and SIGTERM while a command runs: the first asks it to stop, the second leaves the process. */
export class Interruption {
  readonly signal: AbortSignal;
  /** Resolves at the first one. */
  readonly raised: Promise<void>;
  readonly stopListening: () => void;

  /** @param stopsItself - whether the command looks at the signal, and the user is told what to wait for */
  constructor(
    { onInterrupt, quit }: Pick<CommandLine, 'onInterrupt' | 'quit'>,
    reporter: Reporter,
    stopsItself: boolean,
  ) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.raised = new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.stopListening = onInterrupt(() => {
      if (controller.signal.aborted) {
        reporter.end();
        quit(exitCodes.quit);
        return;
      }
      if (stopsItself) {
        reporter.note('Stopping after the statement under way. Ctrl-C again quits at once.');
      }
      controller.abort();
    });
  }
}
