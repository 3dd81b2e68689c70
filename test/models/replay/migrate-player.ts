import { migrate, rollback } from '../../../src/engine';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { leavesTrace } from '../../fault/kill-points/statements';
import type { ModelStep } from '../spin/search';
import type { HeldMigrate } from './held-migrate';

/** The commands that the model `migrate` has as steps. */
const commands = {
  migrates: migrate,
  rolls_back: (database: Parameters<typeof rollback>[0]) => rollback(database),
  rolls_all_back: (database: Parameters<typeof rollback>[0]) => rollback(database, { steps: 'all' }),
} as const;

/** For each other step of the model: the statement that carries it out. */
const statements: Readonly<Record<string, RegExp>> = {
  create_a: /^CREATE TABLE `a`/,
  create_b: /^CREATE TABLE `b`/,
  add_index: /^ALTER TABLE `a` ADD INDEX `idx_x`/,
  drop_a: /^DROP TABLE `a`/,
  drop_b: /^DROP TABLE `b`/,
  drop_index: /^ALTER TABLE `a` DROP INDEX `idx_x`/,
  record: /^INSERT INTO shop_migrations/,
  mark: /^UPDATE shop_migrations SET reverting/,
  unmark: /^UPDATE shop_migrations SET reverting/,
  forget: /^DELETE FROM shop_migrations/,
};
const patternOf = (what: string): RegExp | undefined => statements[what] ?? statements[what.slice(0, -2)];

/** True for a change of the tables or of the history's rows; not of the lock, or the creation of the history. */
const isWork = (sql: string): boolean =>
  leavesTrace(sql) && !/shop_lock|^CREATE TABLE IF NOT EXISTS/.test(sql);

/** Plays the steps of the model `migrate`: a sequence of commands, each of which may die before any statement. */
export class MigratePlayer {
  /** A statement of a dead run, which may still reach the server. */
  private onItsWay: { sql: string; parameters: readonly unknown[] } | null = null;

  constructor(
    private readonly admin: Queryable,
    private readonly run: HeldMigrate,
    private readonly isStrict: boolean,
  ) {}

  /** The error of the last command. */
  get fault(): unknown {
    return this.run.held.fault;
  }

  /** Reads the tables and the history, in the model's words. */
  async state(): Promise<Record<string, string>> {
    const [there] = await select<Record<string, unknown>>(
      this.admin,
      `SELECT SUM(TABLE_NAME = 'a') AS a, SUM(TABLE_NAME = 'b') AS b, (SELECT COUNT(*) FROM information_schema.STATISTICS
              WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'a' AND INDEX_NAME = 'idx_x') AS \`index\`
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`,
    );
    const history = await select<{ name: string; reverting: number }>(
      this.admin,
      'SELECT name, reverting FROM shop_migrations',
    );
    const known = (at: number): (typeof history)[number] | undefined =>
      history.find(({ name }) => name.startsWith(at === 1 ? 'First' : 'Second'));
    const numbers = {
      ...there,
      recorded1: known(1) !== undefined,
      recorded2: known(2) !== undefined,
      marked1: known(1)?.reverting,
      marked2: known(2)?.reverting,
    };
    return Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => [name, String(Number(value ?? 0))]),
    );
  }

  /** Lets statements go up to the next change, and returns this change; null if the command has ended. */
  private async nextWork(): Promise<string | null> {
    for (;;) {
      const { held } = this.run;
      if ((await held.settled()) === 'ended') return null;
      const sql = held.next!;
      if (isWork(sql)) return sql;
      await held.pass();
    }
  }

  private async work({ what }: ModelStep, pattern: RegExp): Promise<void> {
    for (;;) {
      const sql = await this.nextWork();
      const isMeant = sql !== null && pattern.test(sql);
      if (this.isStrict && !isMeant)
        throw new Error(`${what}: ${sql ?? 'the end'}`, { cause: this.run.held.fault });
      if (sql !== null) await this.run.held.pass();
      if (isMeant || sql === null) return;
    }
  }

  /** Kills the run that is still under way. */
  async end(): Promise<void> {
    await this.run.die();
  }

  /** Plays a step. */
  async play(step: ModelStep): Promise<void> {
    const { who, what } = step;
    const { held } = this.run;
    if (what in commands) {
      await held.over();
      held.fault = undefined;
      return this.run.begin(commands[what as keyof typeof commands]);
    }
    if (who === 1) {
      // The run has already read the catalog
      if (held.isBusy) await this.nextWork();
      const { sql, parameters } = this.onItsWay ?? { sql: 'DO 0', parameters: [] };
      // The server may refuse the late statement
      await this.admin.query(sql, [...parameters]).catch(() => undefined);
      return;
    }
    const pattern = patternOf(what);
    if (pattern !== undefined) return this.work(step, pattern);
    const rest = this.isStrict || what === 'dies' ? await this.nextWork() : null;
    if (what === 'dies') {
      this.onItsWay = held.nextStatement;
      return this.run.die();
    }
    if (rest !== null) throw new Error(`${what}: ${rest}`);
    await held.over();
    if (this.isStrict && (what === 'fails') !== (this.run.held.fault !== undefined))
      throw new Error(what, { cause: this.run.held.fault });
  }
}
