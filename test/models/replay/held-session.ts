import type { Queryable } from '../../../src/engine/server/queryable';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';

/** The result of letting a session continue. */
export type Progress =
  /** The server has answered or refused the statement, and the next one is held. */
  | 'answered'
  /** The statement waits on the server for a row lock. */
  | 'waits'
  /** The call has ended. */
  | 'ended';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly send: () => void;
}

/** Replaces a statement by another one, or by two. Each is held; the caller gets the answer of the second. */
export type Rewrite = (sql: string) => string | readonly [string, string];

/** A session with a call under way. Each statement is held until a test lets it go. */
export class HeldSession {
  private held: Statement | null = null;
  private onTheServer = false;
  private isFree = true;
  private underWay = false;
  private call: Promise<unknown> = Promise.resolve();
  /** The error of the call. */
  fault: unknown;
  /** The server's number of the connection. */
  connectionId = 0;

  /**
   * @param admin a session that can read the server's locks
   * @param rewrite changes each statement before it is sent
   */
  constructor(
    private readonly admin: Queryable,
    private readonly rewrite: Rewrite = String,
  ) {}

  /** Executes a statement of the session, after it was held and rewritten. */
  async around<Answer>(
    sql: string,
    parameters: readonly unknown[],
    execute: (sql: string) => Promise<Answer>,
  ): Promise<Answer> {
    const rewritten = this.rewrite(sql);
    if (typeof rewritten === 'string') return this.one(sql, parameters, () => execute(rewritten));
    const [first, second] = rewritten;
    await this.one(first, parameters, () => execute(first));
    return this.one(second, parameters, () => execute(second));
  }

  private async one<Answer>(
    sql: string,
    parameters: readonly unknown[],
    execute: () => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.isFree) {
      await new Promise<void>((send) => (this.held = { sql, parameters, send }));
      this.held = null;
    }
    this.onTheServer = true;
    try {
      return await execute();
    } finally {
      this.onTheServer = false;
    }
  }

  /** The SQL of the held statement; null if there is none. */
  get next(): string | null {
    return this.nextStatement?.sql ?? null;
  }

  /** The held statement with its parameters; null if there is none. */
  get nextStatement(): Pick<Statement, 'sql' | 'parameters'> | null {
    return this.held;
  }

  /** True while a call is under way. */
  get isBusy(): boolean {
    return this.underWay;
  }

  /** Begins a call. Each of its statements is held. */
  begin(call: () => Promise<unknown>): void {
    if (this.underWay) throw new Error('a call is under way');
    this.isFree = false;
    this.underWay = true;
    this.call = call().finally(() => (this.underWay = false));
    this.call.catch((error: unknown) => (this.fault = error));
  }

  /** Waits until the next statement is held, the statement under way waits for a row lock, or the call ends. */
  async settled(): Promise<Progress> {
    let progress: Progress | null = null;
    await waitFor(
      async () => {
        if (!this.underWay) progress = 'ended';
        else if (this.held !== null) progress = 'answered';
        else if (this.onTheServer && (await waitsForRow(this.admin, this.connectionId)) && this.onTheServer)
          progress = 'waits';
        return progress !== null;
      },
      { pollMs: 2 },
    );
    return progress!;
  }

  /**
   * Lets statements go until one that matches the pattern is answered.
   *
   * @param most after this many other statements the call counts as waiting: it polls for something
   *
   * @returns also the parameters of the matching statement
   */
  async passed(pattern: RegExp, most = 200): Promise<{ progress: Progress; parameters: readonly unknown[] }> {
    for (let sent = 0; ; sent += 1) {
      const before = await this.settled();
      if (before !== 'answered') return { progress: before, parameters: [] };
      if (sent === most) return { progress: 'waits', parameters: [] };
      const { sql, parameters } = this.held!;
      const after = await this.pass();
      if (pattern.test(sql)) return { progress: after === 'waits' ? 'waits' : 'answered', parameters };
    }
  }

  /** Lets the held statement go. */
  async pass(): Promise<Progress> {
    const { send } = this.held!;
    this.held = null;
    send();
    return this.settled();
  }

  /** Lets statements go until the held one matches the pattern. */
  async isNext(pattern: RegExp): Promise<Progress> {
    let progress = await this.settled();
    while (progress === 'answered' && !pattern.test(this.held!.sql)) progress = await this.pass();
    return progress;
  }

  /** Holds no statement any more. Resolves when the call has ended, or waits for a row lock. */
  async ends(): Promise<Progress> {
    this.isFree = true;
    this.held?.send();
    this.held = null;
    const progress = await waitFor(
      async () => {
        if (!this.underWay) return 'ended';
        return this.onTheServer && (await waitsForRow(this.admin, this.connectionId)) && this.onTheServer
          ? 'waits'
          : null;
      },
      { pollMs: 2 },
    );
    return progress;
  }

  /** Holds no statement any more, and resolves when the call has ended. */
  async over(): Promise<void> {
    this.isFree = true;
    this.held?.send();
    this.held = null;
    await this.call.catch(() => undefined);
  }
}
