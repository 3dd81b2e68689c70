import { closeSync, openSync, writeSync } from 'node:fs';
import type { Fact, Outcome, Step } from './checker';

/** What a call does or may do, or what it saw. */
export interface Effects {
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
}

/** Milliseconds of the machine's monotonic clock, which is the same for all processes, and which nobody sets. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * Writes a line where a call begins and one where it ends, each at once: of a process that is killed everything that it
 * had begun is there.
 */
export class Recorder {
  private readonly file: number;
  private count = 0;

  /** @param process how the calls of this process are named: no other one has that name */
  constructor(
    path: string,
    private readonly process: string,
  ) {
    this.file = openSync(path, 'a');
  }

  /** How many calls were begun. */
  get calls(): number {
    return this.count;
  }

  /**
   * Makes a call and records it.
   *
   * @param intended what it may have done where its answer is lost
   * @param done what it has done, by its answer
   * @returns its answer, or null where it failed
   */
  async record<Answer>(
    client: string,
    call: string,
    intended: Effects,
    make: () => Promise<Answer>,
    done: (answer: Answer) => Effects,
    { isRefusal, final = false }: { isRefusal: (error: unknown) => boolean; final?: boolean },
  ): Promise<Answer | null> {
    this.count += 1;
    const id = `${this.process}-${this.count}`;
    const process = `${this.process}/${client}`;
    this.write({ id, at: now(), process, call, ...intended, ...(final ? { final } : {}) });
    const end = (outcome: Outcome, more: object): void => this.write({ id, at: now(), outcome, ...more });
    try {
      const answer = await make();
      end('ok', done(answer));
      return answer;
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      end(isRefusal(error) ? 'failed' : 'unknown', { error: `${code}: ${message}` });
      return null;
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private write(line: object): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
  }
}
