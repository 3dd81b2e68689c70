import { migrate, planMigrate, readStatus } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { createPlatformTables, createPolicy } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { afterStatement } from '../../support/around-statements';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { waitFor } from '../../support/wait-for';

const isMysql = (): boolean => sharedServer().flavour === 'mysql';
const key = 'fk_flows_policy';
const unproven = `${key}_unproven`;

/** Guards the addition of a key to a table in use: whatever others do meanwhile, no key is left on a table with orphans. */
describe('a foreign key that is added to a table in use', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });

  const insertFlow = (name: string, policy: string | null) =>
    database.connection.query('INSERT INTO protection_flows SET ?', {
      name,
      flow_type: 'replication',
      target_type: 'vm',
      target_id: 'vm-1',
      destination_type: 'ossea',
      policy_id: policy,
    });
  const dropKey = (name = key) =>
    database.session.query(`ALTER TABLE protection_flows DROP FOREIGN KEY ${name}`);
  const keys = async (): Promise<unknown[]> => {
    const rows = await select(
      database.session,
      `SELECT CONSTRAINT_NAME AS name FROM information_schema.KEY_COLUMN_USAGE
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'protection_flows' AND COLUMN_NAME = 'policy_id'
          AND REFERENCED_TABLE_NAME IS NOT NULL`,
    );
    return rows.map((row) => row.name);
  };
  /** A late key, with one flow that has a policy. */
  const lateKey = async (): Promise<string> => {
    await dropKey();
    const { id } = await createPolicy(database.session);
    await insertFlow('one', String(id));
    return String(id);
  };
  const addUnproven = async (): Promise<void> => {
    await database.session.query('SET foreign_key_checks = 0');
    await database.session.query(
      `ALTER TABLE protection_flows ADD CONSTRAINT ${unproven} FOREIGN KEY (policy_id)
         REFERENCES backup_policies (id) ON DELETE SET NULL ON UPDATE NO ACTION`,
    );
    await database.session.query('SET foreign_key_checks = 1');
  };

  it('is dropped again when an open transaction had already deleted a parent', async () => {
    const policy = await lateKey();
    const other = await database.connect();
    await other.query('START TRANSACTION');
    await other.query('DELETE FROM backup_policies WHERE id = ?', [policy]);
    // MySQL waits for that transaction before it adds the key, MariaDB does not
    const steps: string[] = [];
    const running = migrate(dataSource(), { onProgress: ({ step }) => steps.push(step) });
    await waitFor(() => steps.some((step) => step.startsWith('wait for')));
    await other.query('COMMIT');
    expect(await running).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'FK_ORPHAN_ROWS', effect: 'key-refused', key })],
    });
    expect(await keys()).toEqual([]);
    expect(await select(database.session, 'SELECT policy_id FROM protection_flows')).toEqual([
      { policy_id: policy },
    ]);
  });

  it('stays when an open transaction that deleted a parent is rolled back', async () => {
    const policy = await lateKey();
    const other = await database.connect();
    await other.query('START TRANSACTION');
    await other.query('DELETE FROM backup_policies WHERE id = ?', [policy]);
    const steps: string[] = [];
    const running = migrate(dataSource(), { onProgress: ({ step }) => steps.push(step) });
    await waitFor(() => steps.some((step) => step.startsWith('wait for')));
    await other.query('ROLLBACK');
    expect(await running).toMatchObject({ ok: true });
    expect(await keys()).toEqual([key]);
  });

  it('is refused without a trace when an open transaction that deleted a parent does not end', async () => {
    if (isMysql()) return;
    const policy = await lateKey();
    const other = await database.connect();
    await other.query('START TRANSACTION');
    await other.query('DELETE FROM backup_policies WHERE id = ?', [policy]);
    expect(await migrate(dataSource(), { tableWaitMs: 1 })).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'TABLE_BUSY', key })],
    });
    expect(await keys()).toEqual([]);
  });

  it('is dropped again when orphans were inserted before it was added', async () => {
    await lateKey();
    afterStatement(dataSource(), /^SET SESSION foreign_key_checks = 0/, () => insertFlow('two', 'gone'));
    expect(await migrate(dataSource())).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'FK_ORPHAN_ROWS', key })],
    });
    expect(await keys()).toEqual([]);
    expect(await select(database.session, 'SELECT name FROM protection_flows ORDER BY name')).toHaveLength(2);
  });

  it('is dropped again when its parent table vanished before it was added', async () => {
    await lateKey();
    afterStatement(dataSource(), /^SET SESSION foreign_key_checks = 0/, async () => {
      await database.session.query('SET foreign_key_checks = 0');
      await database.session.query('DROP TABLE backup_policies');
    });
    expect(await migrate(dataSource())).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'FK_PARENT_MISSING', key })],
    });
    expect(await keys()).toEqual([]);
  });

  it('left unproven by a migrate that died gets its final name from the next migrate, in one ALTER', async () => {
    await lateKey();
    await addUnproven();
    const { statements } = await planMigrate(dataSource());
    expect(statements.filter(({ sql }) => sql.startsWith('ALTER')).map(({ sql }) => sql)).toEqual([
      expect.stringMatching(
        /ADD CONSTRAINT `fk_flows_policy` .* DROP FOREIGN KEY `fk_flows_policy_unproven`/,
      ),
    ]);
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
    expect(await keys()).toEqual([key]);
    expect((await verify(dataSource())).verdict).toBe('proven');
  });

  it('left unproven with orphans is dropped by the next migrate, which refuses the key', async () => {
    await dropKey();
    await insertFlow('one', 'gone');
    await addUnproven();
    expect(await migrate(dataSource())).toMatchObject({
      ok: false,
      findings: [expect.objectContaining({ code: 'FK_ORPHAN_ROWS', key })],
    });
    expect(await keys()).toEqual([]);
  });

  it('does not close its table while a transaction writes a table that refers to it', async () => {
    await lateKey();
    await database.session.query(
      "INSERT INTO protection_flow_executions (flow_id, execution_type) SELECT id, 'api' FROM protection_flows",
    );
    const [holder, writer] = [await database.connect(), await database.connect()];
    await writer.query('SET SESSION lock_wait_timeout = 5');
    await holder.query('START TRANSACTION');
    await holder.query('UPDATE protection_flow_executions SET jobs_created = 1');
    let done = false;
    const steps: string[] = [];
    const onProgress = ({ step }: { step: string }) => steps.push(step);
    const running = migrate(dataSource(), { onProgress }).finally(() => (done = true));
    // MySQL does not wait for such a transaction; MariaDB has to try again as long as it is open
    await waitFor(async () => {
      await writer.query('UPDATE protection_flows SET total_executions = total_executions + 1');
      return done || steps.some((step) => step.startsWith('wait for'));
    });
    await writer.query('UPDATE protection_flows SET total_executions = total_executions + 1');
    await holder.query('UPDATE protection_flows SET last_execution_status = DEFAULT');
    await holder.query('COMMIT');
    expect(await running).toMatchObject({ ok: true });
    expect(await keys()).toEqual([key]);
  });

  it('is enforced for every row, whatever other index begins with its column', async () => {
    const executions = 'protection_flow_executions';
    const { session } = database;
    const ownIndex = async (): Promise<string> => {
      const [row] = await select<{ 'Create Table': string }>(session, `SHOW CREATE TABLE ${executions}`);
      return row?.['Create Table'] ?? '';
    };
    const expected = (await ownIndex()).split('\n').sort();
    // The order in which they would be on a table that was made by hand: MySQL 9.7 takes the first, with its NULLs
    await session.query(
      `ALTER TABLE ${executions} DROP INDEX idx_executions_history, ADD INDEX made_by_hand (flow_id, completed_at)`,
    );
    await session.query(`ALTER TABLE ${executions} ADD INDEX idx_executions_history (flow_id, created_at)`);
    const pending = `INSERT INTO ${executions} (flow_id, execution_type) VALUES ('no such flow', 'api')`;
    if (isMysql()) {
      const broken = await verify(dataSource());
      expect(broken.checks.find(({ id }) => id === 'restrict')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('fk_executions_flow'),
      });
      expect((await readStatus(dataSource())).ok).toBe(false);
    }
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
    await expect(session.query(pending)).rejects.toMatchObject({ errno: 1452 });
    expect((await verify(dataSource())).verdict).toBe('proven');
    await session.query(`ALTER TABLE ${executions} DROP INDEX made_by_hand`);
    expect((await ownIndex()).split('\n').sort()).toEqual(expected);
  });

  it('replaces a key with the same rules under another name', async () => {
    await lateKey();
    await database.session.query(
      `ALTER TABLE protection_flows ADD CONSTRAINT by_hand FOREIGN KEY (policy_id)
         REFERENCES backup_policies (id) ON DELETE SET NULL`,
    );
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
    expect(await keys()).toEqual([key]);
  });

  it('gets a lost index back first', async () => {
    await lateKey();
    await database.session.query('ALTER TABLE protection_flows DROP INDEX idx_policy');
    expect((await planMigrate(dataSource())).statements[0]?.sql).toContain('ADD INDEX `idx_policy`');
    expect(await migrate(dataSource())).toMatchObject({ ok: true });
    expect((await verify(dataSource())).verdict).toBe('proven');
  });

  it('whose parent came in another collation is aligned on a table with rows, its index kept', async () => {
    const table = 'protection_flow_executions';
    const dropped = `ALTER TABLE ${table} DROP FOREIGN KEY fk_executions_schedule`;
    await database.session.query(dropped);
    await database.session.query('DROP TABLE schedule_executions');
    await insertFlow('one', null);
    await database.session.query(
      `INSERT INTO ${table} (flow_id, execution_type, schedule_execution_id) SELECT id, 'api', 'S1' FROM protection_flows`,
    );
    await createPlatformTables(database.session, 'general_ci', ['schedule_executions']);
    await database.session.query(
      `ALTER TABLE schedule_executions MODIFY id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL`,
    );
    const wishes = { copyLimitRows: 0, orphans: 'null' } as const;
    const { statements } = await planMigrate(dataSource(), wishes);
    expect(statements.every(({ copies }) => copies === null)).toBe(true);
    expect(statements.some(({ sql }) => sql.startsWith(`ALTER TABLE \`${table}\` MODIFY`))).toBe(true);
    const result = await migrate(dataSource(), wishes);
    expect(result).toMatchObject({ ok: true });
    expect((await verify(dataSource())).verdict).toBe('proven');
  });

  it('is left out, with its cost, when the table is too large to copy, and is added when a copy is allowed', async () => {
    await dropKey();
    await insertFlow('one', null);
    await database.session.query('SET foreign_key_checks = 0');
    await database.session.query('DROP TABLE backup_jobs, backup_policies');
    await database.session.query(
      'CREATE TABLE backup_policies (id varchar(64) CHARACTER SET latin1 PRIMARY KEY) ENGINE=InnoDB',
    );
    const plan = await planMigrate(dataSource());
    expect(plan.statements.find(({ copies }) => copies !== null)?.copies).toMatchObject({
      table: 'protection_flows',
      rows: 1,
    });
    const refused = expect.objectContaining({ code: 'TABLE_COPY_REFUSED', effect: 'key-refused', key });
    expect(await migrate(dataSource(), { copyLimitRows: 0 })).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([refused]),
    });
    expect(await keys()).toEqual([]);
    const steps: string[] = [];
    const onProgress = ({ step }: { step: string }) => steps.push(step);
    expect(await migrate(dataSource(), { copyLimitRows: 0, allowBlocking: true, onProgress })).toMatchObject({
      ok: true,
    });
    expect(steps).toContainEqual(expect.stringMatching(/copy protection_flows \(1 row, .*its writers wait/));
    expect(await keys()).toEqual([key]);
  });
});
