import { closeSync, openSync, writeSync } from 'node:fs';
import type { Fact, Outcome, Step } from './checker';

/** The steps and facts of a call, real or possible. */
export interface Effects {
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
}

/** Milliseconds of the machine's monotonic clock: the same for all processes, and never set. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * Writes a line when a call begins and another when it ends, each at once, so that the file of a killed process has every call
 * that it began.
 */
export class Recorder {
  private readonly file: number;
  private count = 0;

  /** @param process the prefix of this process's call ids; no other process has it */
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
   * @param intended the possible effects if its answer is lost
   * @param done returns the effects according to its answer
   * @returns its answer, or null if it failed
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
