import type { ResultSetHeader } from 'mysql2/promise';
import {
  adopt,
  installGuards,
  migrate,
  planRollback,
  readGuards,
  readStatus,
  removeGuards,
  rollback,
  verify,
} from '../../../src';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { faultsOf } from '../../support/verify-faults';

const triggers = ['sendense_flow_guard_begin', 'sendense_flow_guard_end', 'sendense_flow_guard_flow'];
const all = [...triggers, 'running_flow_id', 'uq_executions_running'];

describe('guards', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const query = (sql: string, values: unknown[] = []): Promise<unknown> =>
    database.session.query(sql, values);
  const guardsCheck = async () => (await verify(dataSource())).checks.find((check) => check.id === 'guards');

  it('are installed, shown and removed, and a repeated call does nothing', async () => {
    expect(await readGuards(dataSource())).toMatchObject({ ok: false, state: 'absent', changed: [] });
    expect(await readStatus(dataSource())).toMatchObject({ guards: 'absent' });
    expect(await guardsCheck()).toBeUndefined();
    expect(await installGuards(dataSource())).toMatchObject({ ok: true, state: 'installed', changed: all });
    expect(await installGuards(dataSource())).toMatchObject({ ok: true, state: 'installed', changed: [] });
    expect(await readGuards(dataSource())).toMatchObject({ ok: true, state: 'installed', findings: [] });
    expect(await readStatus(dataSource())).toMatchObject({ ok: true, guards: 'installed' });
    expect(await removeGuards(dataSource())).toMatchObject({
      ok: true,
      state: 'absent',
      changed: [...all].reverse(),
    });
    expect(await removeGuards(dataSource())).toMatchObject({ ok: true, changed: [] });
    expect(await verify(dataSource(), { strict: true })).toMatchObject({ verdict: 'proven' });
  });

  it('are not drift: verify proves them too, and migrate and adopt find nothing to do', async () => {
    await installGuards(dataSource());
    const { verdict, checks } = await verify(dataSource(), { strict: true });
    expect(faultsOf(checks)).toEqual([]);
    expect(verdict).toBe('proven');
    expect(checks.find(({ id }) => id === 'guards')!.summary).toMatch(/5 objects as declared.*errno 1062/);
    expect(await migrate(dataSource())).toMatchObject({ ok: true, applied: [], findings: [] });
    await query('DROP TABLE sendense_flow_migrations');
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true, decisions: [] });
    expect(await readGuards(dataSource())).toMatchObject({ state: 'installed' });
  });

  it('prevent a rollback until they are removed', async () => {
    await installGuards(dataSource());
    await expect(rollback(dataSource(), { steps: 'all' })).rejects.toMatchObject({
      code: 'GUARDS_INSTALLED',
    });
    expect((await planRollback(dataSource())).refusals).toMatchObject([{ code: 'GUARDS_INSTALLED' }]);
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
    await removeGuards(dataSource());
    expect(await rollback(dataSource(), { steps: 'all' })).toMatchObject({ ok: true });
  });

  it.each([
    ['a trigger is missing', 'DROP TRIGGER sendense_flow_guard_end', 'partial'],
    [
      'a trigger has another body',
      'DROP TRIGGER sendense_flow_guard_flow; CREATE TRIGGER sendense_flow_guard_flow BEFORE UPDATE ON protection_flows FOR EACH ROW SET @a = 1',
      'altered',
    ],
    [
      'the index is missing',
      'ALTER TABLE protection_flow_executions DROP INDEX uq_executions_running',
      'partial',
    ],
    [
      'the index is not unique',
      'ALTER TABLE protection_flow_executions DROP INDEX uq_executions_running; ALTER TABLE protection_flow_executions ADD INDEX uq_executions_running (running_flow_id)',
      'altered',
    ],
    [
      'the column is computed differently',
      "ALTER TABLE protection_flow_executions DROP COLUMN running_flow_id; ALTER TABLE protection_flow_executions ADD COLUMN running_flow_id varchar(64) AS (IF(status = 'pending', flow_id, NULL)) VIRTUAL INVISIBLE",
      'altered',
    ],
    [
      'the column is visible',
      'ALTER TABLE protection_flow_executions DROP COLUMN running_flow_id; ALTER TABLE protection_flow_executions ADD COLUMN running_flow_id varchar(64) NULL',
      'altered',
    ],
  ])('are reported as damaged when %s, and an install repairs them', async (_what, sql, state) => {
    await installGuards(dataSource());
    for (const one of sql.split('; ')) await query(one);
    expect(await readGuards(dataSource())).toMatchObject({ ok: false, state });
    expect(await readStatus(dataSource())).toMatchObject({ guards: state });
    const check = await guardsCheck();
    expect(check).toMatchObject({ status: 'fail', remedy: 'protection-flows guard install' });
    expect(await installGuards(dataSource())).toMatchObject({ ok: true, state: 'installed' });
    expect(await guardsCheck()).toMatchObject({ status: 'pass' });
  });

  it('are not installed while a flow has several running runs; the finding names them, and its remedy lets the install succeed', async () => {
    await query(
      "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type) VALUES ('f', 'f', 'replication', 'vm', 'v', 'ossea')",
    );
    for (const [id, second] of Object.entries({ old: 1, newest: 3, older: 2 }))
      await query(
        `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, created_at) VALUES (?, 'f', 'running', 'manual', NOW(), '2026-01-01 00:00:0${second}')`,
        [id],
      );
    const refused = await installGuards(dataSource());
    expect(refused).toMatchObject({
      ok: false,
      changed: [],
      findings: [
        {
          code: 'GUARD_ROWS_IN_THE_WAY',
          details: { shared: [{ value: 'f', rows: ['newest', 'old', 'older'] }] },
        },
      ],
    });
    const remedy = refused.findings[0]!.remedy;
    for (const statement of remedy
      .replace(/^--.*$/gm, '')
      .split(';')
      .filter((one) => one.trim() !== ''))
      expect((await query(statement)) as ResultSetHeader).toMatchObject({ affectedRows: 2 });
    expect(await installGuards(dataSource())).toMatchObject({ ok: true, state: 'installed' });
    expect(await query("SELECT id FROM protection_flow_executions WHERE status = 'running'")).toEqual([
      { id: 'newest' },
    ]);
  });

  it('are installed only after a migrate', async () => {
    await rollback(dataSource(), { steps: 'all' });
    expect(await installGuards(dataSource())).toMatchObject({
      ok: false,
      state: 'absent',
      findings: [{ code: 'MIGRATION_PENDING' }, { code: 'MIGRATION_PENDING' }],
    });
    expect(await removeGuards(dataSource())).toMatchObject({ ok: true });
  });
});
