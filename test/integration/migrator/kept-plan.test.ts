import { keepPlan, migrate, rollback, type KeptPlan } from '../../../src/engine/migrate';
import { migrationList } from '../../../src/migrations';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { buildFlow, createFlow } from '../../../src/testing';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { stepsBackTo } from '../../support/migrations';
import { prepareSchema } from '../../support/prepare-schema';

/** The plan after it was stored as JSON. */
const kept = async (...given: Parameters<typeof keepPlan>): Promise<KeptPlan> =>
  JSON.parse(JSON.stringify(await keepPlan(...given))) as KeptPlan;

const moved = (...what: string[]) => ({
  code: 'PLAN_MOVED',
  details: { moved: what.map((one) => expect.objectContaining({ what: one }) as unknown) },
});

// Guards that migrate carries out exactly the plan that somebody has read. test/integration/verify/damaged-database.ts shows
// that no plan is carried out after any change that verify detects.
describe('a kept plan', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each', migrated: false });
  const withSubject = (changes: object): ProtectionFlowsDataSource =>
    new Proxy(dataSource(), {
      get: (target, name) =>
        name === 'subject'
          ? { ...target.subject, ...changes }
          : (Reflect.get(target, name, target) as unknown),
    });

  it('shows its statements, is executed unchanged, and only once', async () => {
    const plan = await kept(dataSource());
    expect(plan).toMatchObject({ ok: true, pending: migrationList.map(({ name }) => name) });
    expect(plan.statements.length).toBeGreaterThan(migrationList.length);
    expect(await migrate(dataSource(), { plan })).toMatchObject({ ok: true, applied: plan.pending });
    await expect(migrate(dataSource(), { plan })).rejects.toMatchObject({ code: 'PLAN_MOVED' });
  });

  it('stays valid while rows are inserted and deleted', async () => {
    await prepareSchema(dataSource());
    await rollback(dataSource(), { steps: stepsBackTo('DropRedundantIndexes') });
    const plan = await kept(dataSource());
    await createFlow(
      dataSource().manager,
      buildFlow({ flow_type: 'replication', destination_type: 'ossea' }),
    );
    expect(await migrate(dataSource(), { plan })).toMatchObject({ ok: true, applied: plan.pending });
  });

  it('holds the sizes of the tables, and the seconds of a scan for each statement', async () => {
    await prepareSchema(dataSource());
    await rollback(dataSource(), { steps: stepsBackTo('AllowCancelledAsLastStatus') });
    for (let n = 0; n < 3; n += 1)
      await database.session.query(
        `INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type) VALUES ('f${n}', 'replication', 'vm', 'x', 'ossea')`,
      );
    const plan = await kept(dataSource());
    expect(plan.sizes.protection_flows).toEqual({ rows: 3, bytes: expect.any(Number) as number });
    expect(plan.sizes.protection_flows?.bytes).toBeGreaterThan(0);
    expect(plan.statements.every(({ seconds }) => seconds >= 0)).toBe(true);
    expect(plan.statements.some(({ seconds }) => seconds > 0)).toBe(true);
  });

  it('keeps the options that it was made with', async () => {
    const plan = await kept(dataSource(), { orphans: 'quarantine' });
    expect(plan.options).toEqual({ orphans: 'quarantine', copyLimitRows: 100_000 });
  });

  it.each<[string, object]>([
    ['an unknown form', { form: 2 }],
    ['no form', { form: undefined }],
    ['a number for its grounds', { grounds: 1 }],
    ['no statements', { statements: null }],
    ['a null statement', { statements: [null] }],
    ['an invalid option', { options: { orphans: 'delete' } }],
  ])('is refused when it has %s', async (_title, changes) => {
    const plan = { ...(await kept(dataSource())), ...changes } as KeptPlan;
    await expect(migrate(dataSource(), { plan })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('is refused on another server, in another database and by another program, and the error names the difference', async () => {
    const plan = await kept(dataSource());
    const { grounds } = plan;
    for (const what of ['server', 'database'])
      await expect(
        migrate(dataSource(), { plan: { ...plan, grounds: { ...grounds, [what]: 'another' } } }),
      ).rejects.toMatchObject(moved(what));
    for (const changes of [{ version: '99.0.0' }, { migrations: migrationList.slice(0, -1) }])
      await expect(migrate(withSubject(changes), { plan })).rejects.toMatchObject({
        message: expect.stringContaining('program') as string,
      });
  });

  it.each<[string, (plan: KeptPlan) => object]>([
    ['another statement', ({ statements: [, ...rest] }) => ({ statements: [{ sql: 'SELECT 1' }, ...rest] })],
    ['one statement fewer', ({ statements }) => ({ statements: statements.slice(1) })],
    [
      'another kind of copy',
      ({ statements }) => ({ statements: statements.map((one) => ({ ...one, copies: 'blocking' })) }),
    ],
    ['one migration fewer', ({ pending }) => ({ pending: pending.slice(1) })],
    ['other breaking migrations', () => ({ breaking: { none: 'none' } })],
    ['one key fewer', ({ keys }) => ({ keys: keys.slice(1) })],
  ])('is refused when somebody has edited it to show %s', async (_title, edit) => {
    const plan = await kept(dataSource());
    const edited = { ...plan, ...edit(plan) } as KeptPlan;
    await expect(migrate(dataSource(), { plan: edited })).rejects.toMatchObject(moved('what is to be done'));
    expect(await database.session.query("SHOW TABLES LIKE 'protection_flow%'")).toEqual([]);
  });

  it('is refused once the missing parent table of a key exists', async () => {
    await database.session.query('DROP TABLE schedule_executions');
    const plan = await kept(dataSource());
    await database.session.query('CREATE TABLE schedule_executions (id varchar(64) PRIMARY KEY)');
    await expect(migrate(dataSource(), { plan })).rejects.toMatchObject({
      message: expect.stringContaining('table schedule_executions') as string,
    });
    expect(await database.session.query("SHOW TABLES LIKE 'protection_flow%'")).toEqual([]);
  });
});
