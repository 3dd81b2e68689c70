import { createConnection } from 'mysql2/promise';
import { adopt } from '../../../src/engine/adopt';
import { migrate, planMigrate, runPreflight } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { createPlatformTables, platformTableNames } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { migrationCount } from '../../support/migrations';
import { isClusterWanted } from '../../support/test-installation';
import { declaredPart, everything, make } from './hand-made';
import { executionsTable, flowsTable, plain } from './platform-ddl';
import { readRows } from './rows';
import { prepareSchema } from '../../support/prepare-schema';

/** The rows have a flow with a schedule: it may run. */
const answers = { schedules: 'on' };
const history = 'SELECT name FROM sendense_flow_migrations ORDER BY id';

describe('adopt', () => {
  const reference = useDatabase({ platform: 'mixed' });
  useDataSource(reference);
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);

  it('records an exact match, and changes nothing else, with or without --repair', async () => {
    for (const repair of [false, true]) {
      await migrate(dataSource());
      const before = (await everything(database.session)) as { catalog: unknown; rows: unknown };
      const names = await select(database.session, history);
      await query('DROP TABLE sendense_flow_migrations');
      expect(await adopt(dataSource(), { repair })).toMatchObject({
        ok: true,
        adopted: names.map(({ name }) => name),
        repairs: [],
        decisions: [],
      });
      expect(await select(database.session, history)).toEqual(names);
      const after = (await everything(database.session)) as { catalog: unknown; rows: unknown };
      expect([after.catalog, after.rows]).toEqual([before.catalog, before.rows]);
      expect(await adopt(dataSource(), { repair })).toMatchObject({ ok: true, adopted: [] });
      expect(await migrate(dataSource())).toMatchObject({ ok: true, applied: [] });
    }
  });

  it('refuses when both tables are missing', async () => {
    await expect(adopt(dataSource(), { repair: true })).rejects.toMatchObject({ code: 'NOTHING_TO_ADOPT' });
  });

  it('refuses when the history holds a migration that this version does not know', async () => {
    await prepareSchema(dataSource());
    await query(
      "INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1, 'FromTheFuture9999999999999')",
    );
    await query('ALTER TABLE protection_flows DROP INDEX idx_policy, ADD INDEX by_policy (policy_id)');
    const before = await everything(database.session);
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({
      ok: false,
      adopted: [],
      findings: expect.arrayContaining([expect.objectContaining({ code: 'HISTORY_UNKNOWN' })]),
    });
    expect(await everything(database.session)).toEqual(before);
  });

  it('repairs tables that drifted from a complete history, and verify then proves them', async () => {
    await prepareSchema(dataSource());
    await query(
      'ALTER TABLE protection_flows DROP INDEX idx_flows_type_created, MODIFY description varchar(100) NULL',
    );
    await query('ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow');
    expect(await verify(dataSource())).toMatchObject({ verdict: 'drifted' });
    expect(await adopt(dataSource())).toMatchObject({ ok: false, adopted: [] });
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true, adopted: [] });
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
  });

  it('is the command that migrate names on tables made by hand', async () => {
    await make(database.session, { sql: plain() });
    const { findings } = await planMigrate(dataSource());
    const found = findings.filter(({ code }) => code === 'SCHEMA_HAND_MADE');
    expect(found).toHaveLength(2);
    for (const { remedy } of found)
      expect(remedy).toMatch(/^-- .*protection-flows adopt\n-- .*protection-flows adopt --repair$/);
  });

  it.each([
    ["the platform's own SQL", plain()],
    [
      'general_ci, no key, no indexes',
      [
        flowsTable({ bare: true, text: 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci' }),
        executionsTable({ bare: true, text: 'DEFAULT CHARSET=latin1' }),
      ],
    ],
  ])('prints SQL that, when pasted, makes the declared schema from: %s', async (_name, sql) => {
    await make(database.session, { sql, nulls: true });
    const { repairs } = await adopt(dataSource());
    const { username: user, ...where } = database.settings;
    const client = await createConnection({ ...where, user });
    for (const statement of repairs.flatMap((repair) => repair.sql)) await client.query(statement);
    await client.end();
    expect(await adopt(dataSource(), { answers })).toMatchObject({
      ok: true,
      repairs: [],
      adopted: expect.any(Array),
    });
    expect(await declaredPart(database.session)).toEqual(await declaredPart(reference.session));
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
  });

  it('records tables whose keys are refused because of orphans, as migrate does, and accepts the same choices for orphans', async () => {
    await make(database.session, { sql: [flowsTable(), executionsTable()] });
    await query("UPDATE protection_flow_executions SET flow_id = 'gone' WHERE id = 'run-1'");
    await query(
      "UPDATE protection_flows SET policy_id = 'gone', updated_at = updated_at WHERE id = 'flow-2'",
    );
    // Only adopt repairs these tables, so the remedies name adopt, not migrate
    for (const findings of [
      (await runPreflight(dataSource())).findings,
      (await adopt(dataSource(), { answers })).findings,
    ]) {
      const fixes = findings.flatMap(({ code, remedy }) => (code === 'FK_ORPHAN_ROWS' ? [remedy] : []));
      expect(fixes).toHaveLength(2);
      for (const fix of fixes) {
        expect(fix).toContain('protection-flows adopt --repair --orphans=quarantine');
        expect(fix).not.toContain('protection-flows migrate');
      }
    }
    const result = await adopt(dataSource(), { repair: true, answers });
    expect(
      result.findings.filter(({ code }) => code === 'FK_ORPHAN_ROWS').map(({ key, effect }) => [key, effect]),
    ).toEqual([
      ['fk_flows_policy', 'key-refused'],
      ['fk_executions_flow', 'key-refused'],
    ]);
    expect(result).toMatchObject({
      ok: false,
      adopted: Array(migrationCount).fill(expect.any(String)),
      keys: expect.arrayContaining([
        expect.objectContaining({ name: 'fk_executions_flow', status: 'refused' }),
        expect.objectContaining({ name: 'fk_flows_schedule', status: 'added' }),
      ]),
    });
    expect(await adopt(dataSource(), { repair: true, answers, orphans: 'quarantine' })).toMatchObject({
      ok: true,
    });
    for (const table of ['protection_flows', 'protection_flow_executions'])
      expect(
        await select(database.session, `SELECT 1 AS n FROM sendense_flow_orphans_${table}`),
      ).toHaveLength(1);
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
  });

  it('keeps a key with other rules until no orphans are left and the declared key is added', async () => {
    const more = ['CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id)'];
    await make(database.session, { sql: [flowsTable(), executionsTable({ more })] });
    await query('SET SESSION foreign_key_checks = 0');
    await query("UPDATE protection_flow_executions SET flow_id = 'gone' WHERE id = 'run-1'");
    await query('SET SESSION foreign_key_checks = 1');
    expect(await adopt(dataSource(), { repair: true, answers })).toMatchObject({ ok: false });
    await expect(query("DELETE FROM protection_flows WHERE id = 'flow-1'")).rejects.toMatchObject({
      errno: 1451,
    });
    await query("UPDATE protection_flow_executions SET flow_id = 'flow-1' WHERE id = 'run-1'");
    expect(await adopt(dataSource(), { repair: true, answers })).toMatchObject({ ok: true });
  });

  it('reports an existing key whose table holds orphans', async () => {
    await make(database.session, { sql: plain() });
    await adopt(dataSource(), { repair: true, answers });
    await query('SET SESSION foreign_key_checks = 0');
    await query("UPDATE protection_flow_executions SET flow_id = 'gone' WHERE id = 'run-1'");
    await query('DROP TABLE sendense_flow_migrations');
    await query('SET SESSION foreign_key_checks = 1');
    expect(await adopt(dataSource(), { answers })).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'FK_ORPHAN_ROWS', key: 'fk_executions_flow' })],
    });
  });

  it('asks before it blocks writers of a large table, makes the other changes online, and adds the key again', async () => {
    const general = { text: 'DEFAULT CHARSET=latin1' };
    await make(database.session, { sql: plain(general, general), nulls: true });
    const rows = await readRows(database.session);
    const refused = await adopt(dataSource(), { repair: true, answers, copyLimitRows: 1 });
    const isOnline = sharedServer().flavour === 'mariadb' && !sharedServer().version.startsWith('10.');
    if (isOnline) {
      expect(refused).toMatchObject({ ok: true });
    } else {
      expect(refused).toMatchObject({ ok: false, adopted: [] });
      const copies = refused.findings.filter(({ code }) => code === 'TABLE_COPY_REFUSED');
      expect(copies.map(({ table }) => table)).toEqual(['protection_flows', 'protection_flow_executions']);
      expect(copies[1]?.message).toContain('make id varchar(64)');
      expect(copies[1]?.message).not.toContain('jobs_created');
      const { protection_flow_executions: executions } = await declaredPart(database.session);
      expect(executions?.columns.find(({ name }) => name === 'jobs_created')).toMatchObject({
        nullable: false,
      });
      expect(executions?.foreignKeys.map(({ name }) => name)).toEqual(['fk_executions_flow']);
      expect(await readRows(database.session)).not.toEqual(rows);
    }
    expect(
      await adopt(dataSource(), { repair: true, answers, copyLimitRows: 1, allowBlocking: true }),
    ).toMatchObject({
      ok: true,
    });
    expect(await declaredPart(database.session)).toEqual(await declaredPart(reference.session));
  });

  it('stops before its first statement where a privilege is missing', async () => {
    await make(database.session, { sql: plain(), nulls: true });
    await query("DROP USER IF EXISTS 'adopter'@'%'");
    await query("CREATE USER 'adopter'@'%' IDENTIFIED BY 'hush'");
    await query(`GRANT SELECT, INSERT, CREATE, ALTER, REFERENCES ON \`${database.name}\`.* TO 'adopter'@'%'`);
    const url = new URL(database.url);
    url.username = 'adopter';
    url.password = 'hush';
    const as = await openDataSource({ ...database, url: url.href } as typeof database);
    const before = await everything(database.session);
    const { ok, findings } = await adopt(as, { repair: true, answers }).finally(() => as.destroy());
    expect(ok).toBe(false);
    const missing = findings.filter(({ code }) => code === 'PRIVILEGE_MISSING');
    expect(missing.map(({ table, details }) => [table, details.privileges])).toEqual([
      // In a cluster the lock has a table, which has to be written to
      ...(isClusterWanted() ? [['sendense_flow_lock', ['UPDATE']]] : []),
      ['protection_flows', ['UPDATE']],
      ['protection_flow_executions', ['UPDATE']],
      ['sendense_flow_pruned', ['UPDATE']],
      ['sendense_flow_skips', ['UPDATE', 'DELETE']],
      ['sendense_flow_timetables', ['UPDATE', 'DELETE']],
      ['sendense_flow_skip_totals', ['UPDATE', 'DELETE']],
      ['sendense_flow_pauses', ['UPDATE', 'DELETE']],
    ]);
    expect(await everything(database.session)).toEqual(before);
    for (const { remedy } of missing) await query(remedy.split('\n').at(-1) ?? '');
    const again = await openDataSource({ ...database, url: url.href } as typeof database);
    expect(await adopt(again, { repair: true, answers }).finally(() => again.destroy())).toMatchObject({
      ok: true,
    });
    await query("DROP USER 'adopter'@'%'");
  });

  it('stops between two statements when asked to, and the next adopt finishes the work', async () => {
    await make(database.session, { sql: plain(), nulls: true });
    const controller = new AbortController();
    const stopped = adopt(dataSource(), {
      repair: true,
      answers,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step.startsWith('bring protection_flow_executions')) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await adopt(dataSource(), { repair: true, answers })).toMatchObject({ ok: true });
    expect(await declaredPart(database.session)).toEqual(await declaredPart(reference.session));
  });
});

describe('adopt before the platform has its tables', () => {
  const database = useDatabase({ platform: 'none' });
  const dataSource = useDataSource(database, { migrated: false });

  it('defers the keys, and a later migrate adds them', async () => {
    for (const sql of plain()) await database.session.query(sql);
    const result = await adopt(dataSource(), { repair: true });
    expect(result).toMatchObject({ ok: true, adopted: Array(migrationCount).fill(expect.any(String)) });
    expect(result.keys.map(({ status }) => status)).toEqual([
      'deferred',
      'deferred',
      'deferred',
      expect.any(String),
      'deferred',
    ]);
    await createPlatformTables(database.session, 'mixed', platformTableNames);
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
  });
});
