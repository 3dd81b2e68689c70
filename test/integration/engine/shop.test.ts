import {
  adopt,
  migrate,
  openDatabase,
  planMigrate,
  planRollback,
  readStatus,
  restoreOrphans,
  rollback,
  runPreflight,
  verify,
  type OpenDatabase,
  type ProtectionFlowsError,
  type QuestionRow,
  type SubjectQuestion,
} from '../../../src/engine';
import { useDatabase } from '../../support/database';
import { noting } from '../../support/dying-sessions';
import { shop } from './shop';

/** Guards that the engine serves tables that it does not know: it does for a shop all that it does for our tables. */
describe('a made-up subject', () => {
  const database = useDatabase({ platform: 'none', per: 'each' });
  let opened: OpenDatabase;
  const open = () => openDatabase(shop, database.settings);
  const query = async (sql: string) => (await database.session.query(sql)) as Record<string, unknown>[];
  const names = async () => (await query('SHOW TABLES')).map((row) => String(Object.values(row)[0])).sort();

  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.close());

  it('is migrated, proven and rolled back, in tables of its own', async () => {
    expect(await readStatus(opened)).toMatchObject({ ok: false, migrations: [{ status: 'pending' }, {}] });
    expect((await planMigrate(opened)).pending).toEqual(shop.migrations.map(({ name }) => name));
    expect(await migrate(opened)).toMatchObject({
      ok: true,
      applied: shop.migrations.map(({ name }) => name),
      keys: [{ name: 'fk_orders_customer', status: 'added' }],
    });
    expect(await names()).toEqual([
      'shop_customers',
      'shop_orders',
      'shop_schema_lock',
      'shop_schema_migrations',
    ]);
    expect(await verify(opened, { strict: true })).toMatchObject({ ok: true, verdict: 'proven' });
    const [entry] = await query('SELECT package_version FROM shop_schema_migrations ORDER BY id LIMIT 1');
    expect(entry).toEqual({ package_version: '1.0.0' });

    await query("INSERT INTO shop_customers (id, email) VALUES ('c', 'c@example.org')");
    await expect(rollback(opened, { steps: 'all' })).rejects.toMatchObject({
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
    });
    expect(await rollback(opened, { steps: 'all', discardRows: true })).toMatchObject({
      undone: shop.migrations.map(({ name }) => name).reverse(),
      discarded: { shop_customers: 1 },
    });
    expect(await names()).not.toContain('shop_orders');
  });

  it('is finished by the next migrate after one died at any statement', async () => {
    await migrate(opened);
    const whole = await query('SHOW CREATE TABLE shop_orders');
    const count = await statementsOf(() => migrate(opened));
    expect(count).toBeGreaterThan(0);
    for (let dieAt = 1; ; dieAt += 1) {
      await rollback(opened, { steps: 'all', discardRows: true });
      const executed = await statementsOf(() => migrate(opened), dieAt);
      if (executed < dieAt) break;
      expect(await migrate(opened)).toMatchObject({ ok: true });
      expect(await query('SHOW CREATE TABLE shop_orders')).toEqual(whole);
      expect(await verify(opened, { strict: true })).toMatchObject({ verdict: 'proven' });
    }
  });

  /** How many statements a migrate sent; its session is ended right before the one numbered so. */
  async function statementsOf(work: () => Promise<unknown>, dieAt = Infinity): Promise<number> {
    const whole = opened;
    const sent: string[] = [];
    opened = noting(whole, sent, dieAt);
    try {
      await work().catch((error: unknown) => {
        if (sent.length < dieAt) throw error;
      });
    } finally {
      opened = whole;
    }
    return sent.length;
  }

  it('has its orphans found, quarantined and restored', async () => {
    await migrate(opened);
    await rollback(opened);
    await query("INSERT INTO shop_orders VALUES ('o', 'nobody', '2026-01-02 03:04:05')");
    const { ok, findings } = await runPreflight(opened);
    expect({ ok, codes: findings.map(({ code }) => code) }).toEqual({ ok: false, codes: ['FK_ORPHAN_ROWS'] });
    expect(await migrate(opened, { orphans: 'quarantine' })).toMatchObject({ ok: true });
    expect(await query('SELECT id FROM shop_orders')).toEqual([]);
    expect(await names()).toContain('shop_schema_orphans_shop_orders');
    await query("INSERT INTO shop_customers VALUES ('nobody', 'n@example.org')");
    expect(await restoreOrphans(opened)).toMatchObject({ ok: true, restored: { shop_orders: 1 } });
    expect(await query('SELECT customer_id FROM shop_orders')).toEqual([{ customer_id: 'nobody' }]);
  });

  it('has its tables adopted when they were made by hand', async () => {
    await migrate(opened);
    await query('DROP TABLE shop_schema_migrations');
    await query('ALTER TABLE shop_customers DROP INDEX uq_customers_email');
    expect(await adopt(opened, { repair: true })).toMatchObject({
      ok: true,
      adopted: shop.migrations.map(({ name }) => name),
    });
    expect(await verify(opened)).toMatchObject({ verdict: 'proven' });
  });

  it('has its own question asked before its tables are adopted', async () => {
    const mailing: SubjectQuestion = {
      id: 'mailing',
      answers: { on: 'lets them be written to', off: 'forgets their addresses' },
      asks: (rows) => `${rows} customers are to be written to.`,
      find: async ({ session }) =>
        ((await session.query('SELECT id, email AS name FROM shop_customers')) as QuestionRow[]).map(
          (row) => ({
            ...row,
            next: null,
            reason: 'no letter is written',
          }),
        ),
      carryOut: async (session, answer, rows) => {
        expect([session.isTransactionActive, answer, rows.length]).toEqual([true, 'off', 1]);
        await session.query("UPDATE shop_customers SET email = '' WHERE id = ?", [rows[0]!.id]);
      },
    };
    await migrate(opened);
    await query("INSERT INTO shop_customers (id, email) VALUES ('c', 'c@example.org')");
    await query('DROP TABLE shop_schema_migrations');
    await opened.close();
    opened = await openDatabase({ ...shop, questions: [mailing] }, database.settings);
    expect(await adopt(opened)).toMatchObject({
      ok: false,
      adopted: [],
      questions: [{ id: 'mailing', asks: '1 customers are to be written to.', status: 'unanswered' }],
    });
    await expect(adopt(opened, { answers: { mailing: 'no', schedules: 'on' } })).rejects.toMatchObject({
      message: expect.stringMatching(/schedules is not known.*mailing must be .*: on, off/),
    });
    expect(await adopt(opened, { answers: { mailing: 'off' } })).toMatchObject({
      ok: true,
      questions: [{ answer: 'off', status: 'carried-out' }],
    });
    expect(await query('SELECT id, email FROM shop_customers')).toEqual([{ id: 'c', email: '' }]);
    for (const wrong of [{ answers: { on: 'alone' } }, { answers: null }, { asks: '' }, { id: 'Mailing' }])
      await expect(
        openDatabase({ ...shop, questions: [{ ...mailing, ...wrong } as never] }, database.settings),
      ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  const forget = 'DELETE FROM shop_schema_migrations';
  const damages: readonly (readonly [sign: string, says: string, ...statements: string[]])[] = [
    ['HISTORY_OUT_OF_ORDER', 'let shop-schema verify prove', `${forget} WHERE name LIKE 'Create%'`],
    [
      'HISTORY_UNKNOWN',
      'version of @shop/schema',
      "INSERT INTO shop_schema_migrations (timestamp, name) VALUES (1, 'Later1900000000000')",
    ],
    [
      'SCHEMA_HAND_MADE',
      'shop-schema adopt --repair',
      forget,
      'ALTER TABLE shop_orders DROP COLUMN placed_at',
    ],
    [
      'FK_PARENT_MISSING',
      'shop-schema migrate',
      'ALTER TABLE shop_orders DROP FOREIGN KEY fk_orders_customer',
      'DROP TABLE shop_customers',
    ],
    [
      'FK_ORPHAN_ROWS',
      'shop-schema migrate --orphans=quarantine',
      'ALTER TABLE shop_orders DROP FOREIGN KEY fk_orders_customer',
      "INSERT INTO shop_orders VALUES ('o', 'nobody', '2026-01-02 03:04:05')",
    ],
    [
      'ROLLBACK_WOULD_LOSE_ROWS',
      'shop-schema rollback --discard-rows; in another program, set SHOP_DISCARD_ROWS=1',
      "INSERT INTO shop_customers VALUES ('c', 'c@example.org')",
    ],
    [
      'drifted',
      'shop-schema migrate does so',
      'ALTER TABLE shop_orders DROP FOREIGN KEY fk_orders_customer',
      'ALTER TABLE shop_orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES shop_customers (id) ON DELETE CASCADE ON UPDATE NO ACTION',
    ],
  ];

  it.each(damages)('is named by its own names in an error: %s', async (sign, says, ...sql) => {
    await migrate(opened);
    for (const statement of sql) await query(statement);
    const work: readonly (() => Promise<object>)[] = [
      () => runPreflight(opened),
      () => planMigrate(opened),
      () => readStatus(opened),
      () => planRollback(opened, { steps: 'all' }),
      () => verify(opened),
      () => adopt(opened),
      () => migrate(opened),
      () => rollback(opened, { steps: 'all' }),
    ];
    const said: string[] = [];
    for (const ask of work) {
      const answer = await ask().catch(({ code, message, consequence, remedy }: ProtectionFlowsError) => ({
        ...{ code, message, consequence, remedy },
      }));
      said.push(JSON.stringify(answer));
    }
    const all = said.join('\n').replaceAll(database.name, 'the database');
    expect(all).toContain(sign);
    expect(all).toContain(says);
    expect(/.{0,80}(protection|sendense|flow).{0,80}/i.exec(all)?.[0]).toBeUndefined();
  });

  it('is migrated by one program at a time', async () => {
    const others = await Promise.all(Array.from({ length: 6 }, open));
    try {
      const results = await Promise.all(others.map((other) => migrate(other)));
      expect(results.flatMap(({ applied }) => applied)).toHaveLength(2);
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
  });

  it('is refused when its parts are wrong, with all faults at once', async () => {
    const migrations = [{ name: 'x', breaking: false, steps: [] }] as const;
    const wrong = { ...shop, tablePrefix: 'a`b', migrations };
    await expect(openDatabase(wrong, database.settings)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'tablePrefix' }, { field: 'migrations[0].name' }] },
    });
    const check = { id: 'stock', run: async () => ({}) as never };
    const question = { id: 'mailing', answers: { on: '', off: '' }, asks: String, find: async () => [] };
    const twice = { ...question, carryOut: async () => undefined };
    for (const checks of [[check, check], [{ ...check, id: undefined }], [null]])
      await expect(
        openDatabase({ ...shop, checks: checks as never, questions: [twice, twice] }, database.settings),
      ).rejects.toMatchObject({ details: { fields: [{ field: 'checks' }, { field: 'questions' }] } });
  });
});
