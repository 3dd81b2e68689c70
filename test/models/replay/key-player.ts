import type { Connection } from 'mysql2/promise';
import { migrate } from '../../../src/engine';
import type { OrphanChoice } from '../../../src/engine/orphans/context';
import { errnoOf, select, type Queryable } from '../../../src/engine/server/queryable';
import type { ModelStep } from '../spin/search';
import type { HeldMigrate } from './held-migrate';

/** For each step of the model `keys`: the statement of a migrate that carries it out. */
const statements: Readonly<Record<string, RegExp>> = {
  find_orphans: /^SELECT d\.value AS value/,
  add_key: /^ALTER TABLE .*ADD CONSTRAINT `fk_children_parent(_unproven)?`/,
  scan_uncommitted: /^SELECT d\.value AS value/,
  scan_committed: /^SELECT d\.value AS value/,
  count_orphans: /^SELECT d\.value AS value/,
  set_aside: /^COMMIT/,
  take_off: /^ALTER TABLE \S+ DROP FOREIGN KEY `fk_children_parent_unproven`/,
  own_name: /^ALTER TABLE .*ADD CONSTRAINT `fk_children_parent` /,
};

/** Plays the steps of the model `keys`: two writing programs, and a migrate that adds the key meanwhile. */
export class KeyPlayer {
  constructor(
    private readonly admin: Queryable,
    private readonly writers: readonly Connection[],
    private readonly migrate: HeldMigrate,
    private readonly options: {
      /** True if a step that the model does not have is a fault. */
      readonly isStrict: boolean;
      /** What the caller of migrate chose for orphans. */
      readonly orphans: OrphanChoice;
    },
  ) {}

  private async begins({ state }: ModelStep): Promise<void> {
    await this.admin.query('SET foreign_key_checks = 0');
    for (const writer of this.writers) await writer.query('ROLLBACK');
    await this.admin.query('DROP TABLE IF EXISTS children, parents');
    await this.admin.query('DROP TABLE IF EXISTS shop_migrations, shop_lock, shop_orphans_children');
    await this.admin.query('SET foreign_key_checks = 1');
    await this.admin.query(
      'CREATE TABLE parents (id varchar(32) PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci',
    );
    await this.migrate.prepare();
    if (state.parent === '1') await this.admin.query("INSERT INTO parents VALUES ('p')");
    if (state.child0 === '1') await this.admin.query("INSERT INTO children VALUES (0, 'p')");
  }

  /** Reads the key and the rows, in the model's words. */
  async state(): Promise<Record<string, string>> {
    const [counts] = await select<Record<string, unknown>>(
      this.admin,
      `SELECT (SELECT COUNT(*) FROM parents) AS parent, (SELECT COUNT(*) FROM children WHERE id = 0) AS child0,
              (SELECT COUNT(*) FROM children WHERE id = 1) AS child1`,
    );
    const keys = await select<{ name: string }>(
      this.admin,
      `SELECT CONSTRAINT_NAME AS name FROM information_schema.TABLE_CONSTRAINTS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'children' AND CONSTRAINT_TYPE = 'FOREIGN KEY'`,
    );
    const names = keys.map(({ name }) => (name === 'fk_children_parent' ? 'own' : 'unproven'));
    // The quarantine's table does not exist before its first row
    const aside = await select<{ id: number }>(this.admin, 'SELECT id FROM shop_orphans_children').catch(
      (error: unknown) => {
        if (errnoOf(error) !== 1146) throw error;
        return [];
      },
    );
    return {
      key: names.join('+') || 'absent',
      ...Object.fromEntries(
        ['parent', 'child0', 'child1'].map((name) => [name, String(Number(counts?.[name]))]),
      ),
      ...Object.fromEntries(
        [0, 1].map((child) => [
          `aside${child}`,
          String(aside.filter(({ id }) => Number(id) === child).length),
        ]),
      ),
    };
  }

  private async write(who: number, what: string): Promise<void> {
    const writer = this.writers[who]!;
    if (what === 'commit') return void (await writer.query('COMMIT'));
    if (what === 'roll_back') return void (await writer.query('ROLLBACK'));
    if (what === 'insert_child') await writer.query("INSERT INTO children VALUES (?, 'p')", [who]);
    if (what === 'delete_parent') await writer.query("DELETE FROM parents WHERE id = 'p'");
  }

  private async migrateOn({ what }: ModelStep): Promise<void> {
    if (what === 'die') return this.migrate.die();
    if (what === 'done') return this.options.isStrict ? this.migrate.held.over() : undefined;
    if (what === 'find_orphans' && !this.migrate.held.isBusy)
      this.migrate.begin((database) => migrate(database, { orphans: this.options.orphans }));
    const { held } = this.migrate;
    const { progress } = await held.passed(statements[what]!, this.options.isStrict ? 200 : 40);
    if (this.options.isStrict && progress !== 'answered')
      throw new Error(`${what}: ${progress}, ${String(held.fault)}`);
  }

  /** True if the migrate still polls after all others have ended; it is killed then. */
  async isEndless(): Promise<boolean> {
    for (const writer of this.writers) await writer.query('COMMIT');
    const { progress } = await this.migrate.held.passed(/^$/, 100);
    if (progress === 'waits') await this.migrate.die();
    return progress === 'waits';
  }

  /** Lets all end, first the writers: the migrate may wait for them. */
  async end(): Promise<void> {
    for (const writer of this.writers) await writer.query('COMMIT');
    await this.migrate.held.over();
  }

  /** Plays a step. It does nothing for `refuse`: the model does not say which statement the key refused. */
  async play(step: ModelStep): Promise<void> {
    if (step.what === 'begins') return this.begins(step);
    if (step.what === 'refuse') return;
    if (step.who === 2) return this.migrateOn(step);
    await this.write(step.who, step.what).catch((error: unknown) => {
      // Our key may refuse a write that the naive program allows
      if (this.options.isStrict || ![1451, 1452].includes(errnoOf(error)!)) throw error;
    });
  }
}
