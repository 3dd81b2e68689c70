import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from './wait-for';

/** The report of a program of test/fixtures/rolling after each turn. */
export interface Turns {
  readonly turns: number;
  /** How many rows of other programs it has read so far. */
  readonly othersRows: number;
  readonly errors: readonly string[];
}

/** A program in a separate process. It takes one turn after the other until it is stopped. */
export class TurnTaker {
  private last: Turns = { turns: 0, othersRows: 0, errors: [] };
  private stderr = '';
  private readonly child: ChildProcess;

  constructor(file: string, env: NodeJS.ProcessEnv) {
    const { PATH, HOME } = process.env;
    this.child = fork(file, [], {
      env: { PATH, HOME, ...env },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.child.on('message', (told) => (this.last = told as Turns));
  }

  /** Its last report. */
  get told(): Turns {
    return this.last;
  }

  /** Waits until it has begun and ended this many more turns. */
  async more(turns: number): Promise<void> {
    const from = this.last.turns;
    // The turn under way began before the call
    const until = (): boolean => this.last.turns > from + turns;
    await waitFor(() => until() || this.child.exitCode !== null, { timeoutMs: 60_000 });
    if (!until()) throw new Error(`the program ended with ${this.child.exitCode}: ${this.stderr}`);
  }

  /** Lets it end its turn, and waits for its end. */
  async stop(): Promise<Turns> {
    if (this.child.exitCode === null && this.child.connected) {
      const ended = once(this.child, 'close');
      this.child.send('stop');
      await ended;
    }
    return this.last;
  }

  /** Kills it, if a failed test did not stop it. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
