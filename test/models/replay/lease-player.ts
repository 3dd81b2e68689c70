import { select } from '../../../src/engine/server/queryable';
import type { TestDatabase } from '../../support/database';
import type { ModelStep } from '../spin/search';
import { leaseMs, leaseTable, lockOf, type LeaseRun } from './lease-run';

/** For each step of the model `lease`: the statement that carries it out. */
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

/** Further statements of a run: settings, its identity, whether it has the lock, and the holder of a lost lease. */
const besides = /^(SET|SHOW|SELECT owner, holder|SELECT IS_USED_LOCK)\b/;

const nobody = '9';
const now = 'UTC_TIMESTAMP(3)';
const ms = (count: number): string => `INTERVAL ${count * 1000} MICROSECOND`;
const margin = ms(leaseMs / 6);

/** Plays the steps of the model `lease`: three runs that want the migration lock, and the clock. */
export class LeasePlayer {
  /** The runs whose statement the server is executing. */
  readonly underWay = new Set<number>();
  /** For each run: how many statements it began after it had lost the lease. */
  readonly late = [0, 0, 0];

  /** @param isStrict true if each run must send exactly the statement of the model's next step */
  constructor(
    private readonly database: TestDatabase,
    private readonly runs: readonly LeaseRun[],
    private readonly steps: readonly ModelStep[],
    private readonly isStrict: boolean,
  ) {}

  /** Reads both locks and the lease, in the model's words. */
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

  /** Moves the expiry of the lease, because the test can't set the server's clock. Only from where the model's step begins. */
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
      // A run that polls for the lock repeats its statements
      if (!isAllowed || others === 12) return;
      await held.pass();
    }
    if (what !== 'statement') return void (await held.pass());
    if ((await this.state())['owner'] !== String(who)) this.late[who]! += 1;
    await held.pass();
    this.underWay.add(who);
  }

  /** Plays a step. */
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

  /** Kills the runs that are still under way. */
  async end(): Promise<void> {
    for (const run of this.runs) await run.die();
  }
}
