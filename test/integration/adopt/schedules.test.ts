import { openDatabase } from '../../../src/engine';
import { adopt, type AdoptOptions } from '../../../src/engine/adopt';
import { migrate, restoreOrphans } from '../../../src/engine/migrate';
import { select, type Row } from '../../../src/engine/server/queryable';
import { subject } from '../../../src/migrations';
import { createRepositories } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { everything } from './hand-made';
import { plain } from './platform-ddl';
import { flow, insert } from './rows';
import { prepareSchema } from '../../support/prepare-schema';

// The hub computes no next times, so none of its flows ever ran by its schedule. A scheduler of this package would run them
// all. Guards that adopt asks first: otherwise a change-over silently starts backups that nobody wanted.
describe('adopt of flows that never ran by their schedule', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const query = (sql: string, values?: unknown[]): Promise<unknown> => database.session.query(sql, values);

  const insertFlow = (id: string, columns: Row): Promise<void> =>
    insert(database.session, 'protection_flows', flow(id, id, columns));

  /** The flows that a scheduler of this package would look after from now on. */
  const newcomers = [
    'chained',
    'by-default',
    'mistyped',
    'nowhere',
    'orphan',
    'paused',
    'spelled',
    'summer',
    'winter',
  ];

  /** A flow of every kind, as the hub and people leave them. */
  async function makeFlows(): Promise<void> {
    for (const sql of plain()) await query(sql);
    const schedule = async (columns: Row): Promise<string> =>
      (await createSchedule(database.session, columns)).id;
    const winter = await schedule({ id: 'winter', cron_expression: '0 2 1 1 *' });
    const summer = await schedule({ cron_expression: '30 3 1 7 *', timezone: 'Europe/Berlin' });
    await insertFlow('winter', { schedule_id: winter });
    await insertFlow('spelled', { schedule_id: 'WINTER' });
    await insertFlow('summer', { schedule_id: summer });
    await insertFlow('by-default', { schedule_id: winter, enabled: null });
    await insertFlow('mistyped', { schedule_id: await schedule({ cron_expression: '61 2 * * *' }) });
    await insertFlow('nowhere', { schedule_id: await schedule({ timezone: 'Mars/Olympus' }) });
    await insertFlow('paused', { schedule_id: await schedule({ enabled: false }) });
    await insertFlow('chained', {
      schedule_id: await schedule({ schedule_type: 'chain', chain_parent_schedule_id: winter }),
    });
    await insertFlow('orphan', { schedule_id: 'gone' });
    await insertFlow('disabled', { schedule_id: winter, enabled: 0 });
    await insertFlow('by-hand', { schedule_id: null });
    await insertFlow('planned', { schedule_id: winter, next_execution_time: '2037-01-01 02:00:00' });
  }

  const adoptAll = (options: AdoptOptions = {}) =>
    adopt(dataSource(), { repair: true, orphans: 'null', ...options });
  const readFlows = (): Promise<Row[]> =>
    select(database.session, 'SELECT * FROM protection_flows ORDER BY id');
  const enabled = async (): Promise<unknown[]> =>
    (await select(database.session, 'SELECT id FROM protection_flows WHERE enabled = 1 ORDER BY id')).map(
      ({ id }) => id,
    );

  it('changes nothing without an answer, and lists each flow with its next time or its obstacle', async () => {
    await makeFlows();
    const before = await everything(database.session);
    for (const options of [{}, { repair: false }, { dryRun: true }]) {
      const { ok, recorded, adopted, repairs, questions } = await adoptAll(options);
      expect({ ok, recorded, adopted }).toEqual({ ok: false, recorded: false, adopted: [] });
      expect(repairs.every(({ status }) => status === 'to-repair')).toBe(true);
      expect(questions).toEqual([
        {
          id: 'schedules',
          asks: expect.stringMatching(/^9 flows are enabled and never ran by their schedule\./),
          answer: null,
          status: 'unanswered',
          choices: [
            { answer: 'on', does: expect.any(String), option: '--schedules=on' },
            { answer: 'off', does: expect.any(String), option: '--schedules=off' },
          ],
          rows: expect.any(Array),
        },
      ]);
      const rows = questions[0]!.rows;
      expect(rows.map(({ id }) => id).sort()).toEqual([...newcomers].sort());
      expect(rows.map(({ id, name }) => id === name)).not.toContain(false);
      expect(rows.slice(0, 4).every(({ next, reason }) => next !== null && reason === null)).toBe(true);
      expect(Object.fromEntries(rows.slice(4).map(({ id, next, reason }) => [id, next ?? reason]))).toEqual({
        chained: 'the schedule before it in the chain has not run',
        mistyped: expect.stringContaining('minute'),
        nowhere: expect.stringContaining('"Mars/Olympus"'),
        orphan: 'the schedule does not exist',
        paused: 'the schedule is disabled',
      });
    }
    expect(await everything(database.session)).toEqual(before);
  });

  it('with the answer on, continues and prints the times that the scheduler then sets', async () => {
    await makeFlows();
    const { ok, questions } = await adoptAll({ answers: { schedules: 'on' } });
    expect(ok).toBe(true);
    expect(questions).toMatchObject([{ id: 'schedules', answer: 'on', status: 'carried-out' }]);
    await createRepositories(dataSource()).dueFlows.plan();
    const planned = new Map((await readFlows()).map((row) => [row['id'], row['next_execution_time']]));
    for (const { id, next } of questions[0]!.rows) expect([id, planned.get(id)]).toEqual([id, next]);
    expect(await adoptAll()).toMatchObject({ ok: true, questions: [] });
  });

  it('with the answer off, disables exactly the flows that it lists', async () => {
    await makeFlows();
    await query("UPDATE protection_flows SET schedule_id = 'winter' WHERE id = 'orphan'");
    const before = await readFlows();
    const { ok, questions } = await adoptAll({ answers: { schedules: 'off' } });
    expect(ok).toBe(true);
    expect(questions).toMatchObject([{ answer: 'off', status: 'carried-out' }]);
    expect(questions[0]!.rows.map(({ id }) => id).sort()).toEqual([...newcomers].sort());
    const changed = (await readFlows()).map((row) => ({ ...row, updated_at: expect.any(Date) as Date }));
    expect(changed).toMatchObject(
      before.map((row) => ({
        ...row,
        enabled: newcomers.includes(String(row['id'])) ? 0 : row['enabled'],
        updated_at: expect.any(Date),
      })),
    );
    await createRepositories(dataSource()).dueFlows.plan();
    const due = (await readFlows()).filter((row) => row['next_execution_time'] !== null);
    expect(due.map(({ id }) => id)).toEqual(['planned']);
  });

  it('with the answer off, also disables flows that the same adopt quarantines, so that none runs after a restore', async () => {
    await makeFlows();
    const { ok, findings } = await adoptAll({ answers: { schedules: 'off' }, orphans: 'quarantine' });
    expect({ ok, codes: findings.map(({ code }) => code) }).toEqual({ ok: true, codes: ['FK_ORPHAN_ROWS'] });
    expect((await readFlows()).map(({ id }) => id)).not.toContain('orphan');
    await createSchedule(database.session, { id: 'gone' });
    expect(await restoreOrphans(dataSource())).toMatchObject({ ok: true, restored: { protection_flows: 1 } });
    expect(await enabled()).toEqual(['by-hand', 'planned']);
  });

  // migrate could take such tables for its own, and run their flows although nobody was asked
  it('is named by migrate, and the printed commands remove the finding', async () => {
    const first = { ...subject, migrations: subject.migrations.slice(0, 1) };
    const opened = await openDatabase(first, database.settings);
    await migrate(opened).finally(() => opened.close());
    await insertFlow('nightly', { schedule_id: (await createSchedule(database.session)).id });
    await query('DROP TABLE sendense_flow_migrations');
    const before = await everything(database.session);
    const refused = await migrate(dataSource());
    const finding = {
      code: 'SCHEMA_HAND_MADE',
      effect: 'blocking',
      details: { question: 'schedules', rows: 1 },
    };
    expect(refused).toMatchObject({ ok: false, applied: [] });
    const blocking = refused.findings.filter(({ effect }) => effect === 'blocking');
    expect(blocking).toMatchObject([finding]);
    expect(blocking[0]?.remedy).toContain('adopt --repair --schedules=off');
    expect(await everything(database.session)).toEqual(before);
    await adoptAll({ answers: { schedules: 'off' } });
    expect(await migrate(dataSource())).toMatchObject({ ok: true, findings: [] });
    expect(await enabled()).toEqual([]);
  });

  it('does not disable a flow that somebody enables afterwards, and does not ask again', async () => {
    await makeFlows();
    await adoptAll({ answers: { schedules: 'off' } });
    await createRepositories(dataSource()).flows.update('summer', { enabled: true });
    await query("UPDATE protection_flows SET enabled = 1 WHERE id = 'winter'");
    for (const answers of [{ schedules: 'off' }, undefined])
      expect(await adoptAll({ answers })).toMatchObject({ ok: true, adopted: [], questions: [] });
    expect(await enabled()).toEqual(['by-hand', 'planned', 'summer', 'winter']);
  });

  it('asks before it records an exact match, then disables and records together', async () => {
    await prepareSchema(dataSource());
    await insertFlow('nightly', { schedule_id: (await createSchedule(database.session)).id });
    await query('DROP TABLE sendense_flow_migrations');
    expect(await adopt(dataSource())).toMatchObject({
      ok: false,
      adopted: [],
      questions: [{ answer: null }],
    });
    const before = await everything(database.session);
    expect(await adopt(dataSource(), { answers: { schedules: 'off' }, dryRun: true })).toMatchObject({
      ok: false,
      recorded: false,
      questions: [{ answer: 'off', status: 'answered' }],
    });
    expect(await everything(database.session)).toEqual(before);
    expect(await adopt(dataSource(), { answers: { schedules: 'off' } })).toMatchObject({
      ok: true,
      adopted: subject.migrations.map(({ name }) => name),
    });
    expect(await enabled()).toEqual([]);
  });

  it('disables no flow when it adopts nothing', async () => {
    await makeFlows();
    const before = await everything(database.session);
    const answers = { schedules: 'off' };
    expect(await adoptAll({ answers, repair: false })).toMatchObject({ ok: false, adopted: [] });
    expect(await adoptAll({ answers, dryRun: true })).toMatchObject({ ok: false, adopted: [] });
    await query('ALTER TABLE protection_flows MODIFY name varchar(255) NULL');
    await query("UPDATE protection_flows SET name = NULL, updated_at = updated_at WHERE id = 'by-hand'");
    const decided = await adoptAll({ answers });
    expect(decided).toMatchObject({ ok: false, decisions: [expect.any(Object)] });
    expect(decided.questions).toMatchObject([{ answer: 'off', status: 'answered' }]);
    await query("UPDATE protection_flows SET name = 'by-hand', updated_at = updated_at WHERE id = 'by-hand'");
    await query('ALTER TABLE protection_flows MODIFY name varchar(255) NOT NULL');
    expect(await everything(database.session)).toEqual(before);
  });

  it('asks nothing when no flow needs an answer', async () => {
    await makeFlows();
    await query('UPDATE protection_flows SET enabled = 0');
    expect(await adoptAll()).toMatchObject({ ok: true, questions: [] });
  });

  it('lists and disables each of a thousand flows, which it reads in pages', async () => {
    for (const sql of plain()) await query(sql);
    const ids = (await createSchedule(database.session)).id;
    await query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, schedule_id)
       WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT CONCAT('flow-', i), CONCAT('flow ', i), 'replication', 'vm', 'vm', 'ossea', ? FROM n`,
      [ids],
    );
    const { ok, questions } = await adoptAll({ answers: { schedules: 'off' } });
    expect(ok).toBe(true);
    expect(new Set(questions[0]!.rows.map(({ id }) => id)).size).toBe(1000);
    expect(await enabled()).toEqual([]);
  });

  it.each([
    ['lists the flows without times', ''],
    ['lists the flows without times', 'SELECT (id), REFERENCES'],
    ['reports the missing privilege', 'REFERENCES'],
  ])('%s when the privileges of the account on the schedules are "%s"', async (_does, privilege) => {
    await makeFlows();
    await adoptAll({ answers: { schedules: 'on' } });
    await query('DROP TABLE sendense_flow_migrations');
    await query("DROP USER IF EXISTS 'reader'@'%'");
    await query("CREATE USER 'reader'@'%' IDENTIFIED BY 'hush'");
    const grant = (privileges: string, table: string): Promise<unknown> =>
      query(`GRANT ${privileges} ON \`${database.name}\`.${table} TO 'reader'@'%'`);
    if (privilege !== '') await grant(privilege, 'replication_schedules');
    for (const table of ['protection_flows', 'protection_flow_executions']) await grant('ALL', table);
    for (const table of ['migrations', 'pruned', 'lock', 'skips', 'timetables', 'skip_totals', 'pauses'])
      await grant('SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER', `sendense_flow_${table}`);
    const url = new URL(database.url);
    url.username = 'reader';
    url.password = 'hush';
    const as = await openDataSource({ url: url.href });
    try {
      const { questions, findings } = await adopt(as, { dryRun: true });
      const isMissing = privilege === 'REFERENCES';
      const reasons = new Set(
        questions.flatMap(({ rows }) => rows.map(({ next, reason }) => next ?? reason)),
      );
      expect([...reasons]).toEqual(isMissing ? [] : ['this account sees no table of schedules']);
      const missing = findings.filter(({ code }) => code === 'PRIVILEGE_MISSING').map(({ table }) => table);
      expect(missing).toEqual(isMissing ? ['replication_schedules'] : []);
    } finally {
      await as.destroy();
      await query("DROP USER 'reader'@'%'");
    }
  });

  it('refuses a wrong answer and names every fault', async () => {
    const wrong = { answers: { schedules: 'perhaps', shedules: 'on' }, dryRun: 1, orphans: 'keep' };
    await expect(adopt(dataSource(), wrong as never)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: ['orphans', 'dryRun', 'shedules', 'schedules'].map((field) => ({ field })) },
    });
  });
});
