import { select } from '../../../src/engine/server/queryable';
import type { TestDatabase } from '../../support/database';
import type { ModelStep } from '../spin/search';
import { leaseMs, leaseTable, lockOf, type LeaseRun } from './lease-run';

/** What the statements are that the model `lease` has as steps. */
const statements: Readonly<Record<string, RegExp>> = {
  get_lock: /^SELECT GET_LOCK/,
  take: /^UPDATE \S+ SET owner = \?/,
  fresh: /^SELECT 1 FROM/,
  not_fresh: /^SELECT 1 FROM/,
  renew: /^UPDATE \S+ SET expires_at/,
  lost_it: /^UPDATE \S+ SET expires_at/,
  statement: /^UPDATE gates/,
  release: /^UPDATE \S+ SET owner = NULL/,
  release_lock: /^SELECT RELEASE_LOCK/,
};

/** What a run sends besides: settings, who it is, whether the lock is its own, and who has what it has lost. */
const besides = /^(SET|SHOW|SELECT owner, holder|SELECT IS_USED_LOCK)\b/;

const nobody = '9';
const now = 'UTC_TIMESTAMP(3)';
const ms = (count: number): string => `INTERVAL ${count * 1000} MICROSECOND`;
const margin = ms(leaseMs / 6);

/** Carries the steps of the model `lease` out: three runs at the migration lock, and the clock. */
export class LeasePlayer {
  /** Runs of which a statement is under way at the server. */
  readonly underWay = new Set<number>();
  /** How many statements each run began after it had lost the lease. */
  readonly late = [0, 0, 0];

  /** @param isStrict whether each run has to send what the model says next, and no other statement */
  constructor(
    private readonly database: TestDatabase,
    private readonly runs: readonly LeaseRun[],
    private readonly steps: readonly ModelStep[],
    private readonly isStrict: boolean,
  ) {}

  /** What is there, in the model's words. */
  async state(): Promise<Record<string, string>> {
    const [row] = await select<Record<string, unknown>>(
      this.database.session,
      `SELECT IF(owner IS NULL, NULL, connection_id) AS owner, IS_USED_LOCK(?) AS lock0, IS_USED_LOCK(?) AS lock1,
              CASE WHEN expires_at > ${now} + ${margin} THEN 'ahead' WHEN expires_at > ${now} THEN 'near' ELSE 'past' END AS expires
         FROM ${leaseTable}`,
      [lockOf(this.database, 0), lockOf(this.database, 1)],
    );
    const runOf = (id: unknown): string => {
      if (id === null) return nobody;
      const found = this.runs.findIndex(({ connectionId }) => connectionId === Number(id));
      return found < 0 ? `connection ${String(id)}` : String(found);
    };
    return {
      lock0: runOf(row?.['lock0']),
      lock1: runOf(row?.['lock1']),
      owner: runOf(row?.['owner']),
      expires: String(row?.['expires']),
    };
  }

  /** The clock of the server can't be moved here, so the time that was written is, where it is what the model says. */
  private async clock({ what }: ModelStep): Promise<void> {
    const [where, to] =
      what === 'grows_near'
        ? [`expires_at > ${now} + ${margin}`, `+ ${ms(leaseMs / 12)}`]
        : [`expires_at BETWEEN ${now} AND ${now} + ${margin}`, '- INTERVAL 1 SECOND'];
    await this.database.session.query(
      `UPDATE ${leaseTable} SET expires_at = ${now} ${to} WHERE owner IS NOT NULL AND ${where}`,
    );
  }

  private async send(run: LeaseRun, { who, what }: ModelStep): Promise<void> {
    const { held } = run;
    const pattern = statements[what]!;
    for (let others = 0; ; others += 1) {
      const progress = await held.settled();
      const sql = held.next;
      if (sql !== null && pattern.test(sql)) break;
      const isAllowed = sql !== null && (!this.isStrict || besides.test(sql));
      if (this.isStrict && !isAllowed) throw new Error(`${what}: ${progress}, ${sql}`, { cause: held.fault });
      // One that waits for what the model gives it asks again and again
      if (!isAllowed || others === 12) return;
      await held.pass();
    }
    if (what !== 'statement') return void (await held.pass());
    if ((await this.state())['owner'] !== String(who)) this.late[who]! += 1;
    await held.pass();
    this.underWay.add(who);
  }

  /** Carries a step out. */
  async play(step: ModelStep): Promise<void> {
    const { who, what } = step;
    const run = this.runs[who];
    if (run === undefined) return this.clock(step);
    if (what === 'die') {
      this.underWay.delete(who);
      return run.die();
    }
    if (what === 'ends') {
      if (this.underWay.delete(who)) await run.endStatement();
      return;
    }
    if (run.connectionId === null) {
      const count = (...kinds: string[]): number =>
        this.steps.filter((one) => one.who === who && kinds.includes(one.what)).length;
      run.begin(Math.max(count('statement'), count('fresh', 'not_fresh')));
    }
    return this.send(run, step);
  }

  /** Whoever still runs, dies. */
  async end(): Promise<void> {
    for (const run of this.runs) await run.die();
  }
}
