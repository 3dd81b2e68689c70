import type { Queryable } from '../../../src/engine/server/queryable';
import { waitFor } from '../../support/wait-for';
import { waitsForRow } from '../../support/waits-for-row';

/** What became of a session that was let go on. */
export type Progress =
  /** The statement that was asked for has been answered, or refused. */
  | 'answered'
  /** It waits at the server for a row. */
  | 'waits'
  /** The call has ended without it. */
  | 'ended';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly send: () => void;
}

/** What a program sends in place of a statement of ours: another one, or two, each held, of which the second one's answer counts. */
export type Rewrite = (sql: string) => string | readonly [string, string];

/** A session whose statements are held, one by one, until somebody lets them go; and the call under way on it. */
export class HeldSession {
  private held: Statement | null = null;
  private onTheServer = false;
  private isFree = true;
  private underWay = false;
  private call: Promise<unknown> = Promise.resolve();
  /** What the call has failed with. */
  fault: unknown;
  /** The number of its connection, which a server tells. */
  connectionId = 0;

  /**
   * @param admin sees the server's locks
   * @param rewrite what a statement is before it is sent
   */
  constructor(
    private readonly admin: Queryable,
    private readonly rewrite: Rewrite = String,
  ) {}

  /** Stands in the place of each statement of the session. */
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

  /** The statement that is held; null where none is. */
  get next(): string | null {
    return this.nextStatement?.sql ?? null;
  }

  /** The same, with its parameters. */
  get nextStatement(): Pick<Statement, 'sql' | 'parameters'> | null {
    return this.held;
  }

  /** True while a call is under way. */
  get isBusy(): boolean {
    return this.underWay;
  }

  /** Begins a call, of which each statement is held. */
  begin(call: () => Promise<unknown>): void {
    if (this.underWay) throw new Error('a call is under way');
    this.isFree = false;
    this.underWay = true;
    this.call = call().finally(() => (this.underWay = false));
    this.call.catch((error: unknown) => (this.fault = error));
  }

  /** Waits until the next statement is held, or there is none. */
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
   * Lets statements go until one that the pattern matches has been answered.
   *
   * @param most after so many others, it waits for something, and asks again and again
   *
   * @returns with the parameters of that statement
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

  /** Lets the statement go that is held. */
  async pass(): Promise<Progress> {
    const { send } = this.held!;
    this.held = null;
    send();
    return this.settled();
  }

  /** Lets statements go until one that the pattern matches is the next. */
  async isNext(pattern: RegExp): Promise<Progress> {
    let progress = await this.settled();
    while (progress === 'answered' && !pattern.test(this.held!.sql)) progress = await this.pass();
    return progress;
  }

  /** Holds nothing any more, and resolves when the call has ended, to whether it waits for a row instead. */
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

  /** Resolves when the call has ended, which nothing holds up any more. */
  async over(): Promise<void> {
    this.isFree = true;
    this.held?.send();
    this.held = null;
    await this.call.catch(() => undefined);
  }
}
