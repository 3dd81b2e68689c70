import { select, type Queryable } from '../../../src/engine/server/queryable';
import { sessionOf } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { executions, flows, orphanBench, ownerOfMore } from './orphan-bench';

/** Guards that no dependent row of a quarantined row is lost, changed or left behind. */
describe('a row that depends on an orphan', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  useDataSource(database, { per: 'each' });
  const bench = orphanBench(database);
  const id64 = 'varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL';

  beforeEach(async () => {
    await bench.dropKey('fk_flows_policy');
    for (const id of ['f1', 'f2', 'f3']) {
      await bench.insertFlow(id, { policy_id: 'gone' });
      for (let n = 0; n < 5; n += 1) await bench.insertExecution(`${id}-${n}`, id);
    }
  });

  /** Makes a table of another program with one row that refers to an execution of the last flow. */
  const createHanging = async (rule: string): Promise<void> => {
    await database.session.query(
      `CREATE TABLE hanging (id int PRIMARY KEY, execution ${id64},
         CONSTRAINT fk_hanging FOREIGN KEY (execution) REFERENCES ${executions} (id) ${rule}) ENGINE=InnoDB`,
    );
    await database.session.query("INSERT INTO hanging VALUES (1, 'f3-4')");
  };

  it.each(['ON DELETE RESTRICT', 'ON DELETE NO ACTION', 'ON DELETE SET NULL', 'ON DELETE CASCADE', ''])(
    'by a key of another program with the rule "%s" stops the quarantine before any change',
    async (rule) => {
      await createHanging(rule);
      const tables = [flows, executions, 'hanging'];
      const before = await bench.checksums(...tables);
      await expect(bench.settle('fk_flows_policy', 'quarantine', { batchRows: 1 })).rejects.toMatchObject({
        code: 'STILL_REFERENCED',
        message: expect.stringMatching(/^1 row of hanging .*fk_hanging/),
        details: { foreignKey: 'fk_flows_policy', table: 'hanging', key: 'fk_hanging', rows: 1 },
      });
      expect(await bench.checksums(...tables)).toEqual(before);
      await database.session.query('UPDATE hanging SET execution = NULL');
      expect(await bench.settle('fk_flows_policy', 'quarantine')).toMatchObject({ rows: 3 });
    },
  );

  it.each(['RESTRICT', 'SET NULL', 'CASCADE'])(
    'by a key of another program with ON DELETE %s is found under the lock, even if it was inserted after the first check',
    async (rule) => {
      await createHanging(`ON DELETE ${rule}`);
      await database.session.query('DELETE FROM hanging');
      const session = before(/^SELECT .* FOR UPDATE/, () =>
        bench.insert('hanging', { id: 1, execution: 'f1-0' }),
      );
      await expect(bench.settle('fk_flows_policy', 'quarantine', { session })).rejects.toMatchObject({
        code: 'STILL_REFERENCED',
      });
      expect(await bench.rows('hanging', 'execution')).toEqual([{ execution: 'f1-0' }]);
      expect(await bench.ids(flows)).toEqual(['f1', 'f2', 'f3']);
      expect(await bench.ids(executions)).toHaveLength(15);
    },
  );

  it('in a cycle stops the quarantine before any change, because it could not be restored', async () => {
    await createHanging('ON DELETE CASCADE');
    await database.session.query(
      'ALTER TABLE hanging ADD up int NULL, ADD FOREIGN KEY (up) REFERENCES hanging (id) ON DELETE CASCADE',
    );
    await database.session.query('INSERT INTO hanging (id, up) VALUES (2, 1), (3, 2)');
    await database.session.query('UPDATE hanging SET up = 3 WHERE id = 1');
    const owner = ownerOfMore(
      { table: 'hanging', column: 'execution', parent: executions },
      { table: 'hanging', column: 'up', parent: 'hanging' },
    );
    const settled = bench.settle('fk_flows_policy', 'quarantine', { batchRows: 1, owner });
    await expect(settled).rejects.toMatchObject({
      code: 'STILL_REFERENCED',
      message: expect.stringContaining('circle'),
    });
    expect(await bench.ids(flows)).toEqual(['f1', 'f2', 'f3']);
    expect(await bench.ids('hanging')).toEqual([1, 2, 3]);
  });

  it('in a table of ours without a primary key stops the quarantine, because such rows cannot be distinguished', async () => {
    await createHanging('ON DELETE CASCADE');
    await database.session.query('ALTER TABLE hanging DROP PRIMARY KEY');
    const owner = ownerOfMore({ table: 'hanging', column: 'execution', parent: executions });
    await expect(bench.settle('fk_flows_policy', 'quarantine', { owner })).rejects.toMatchObject({
      code: 'STILL_REFERENCED',
      message: expect.stringContaining('hanging has no primary key'),
    });
  });

  it('by a declared key that does not cascade also stops the quarantine', async () => {
    await createHanging('ON DELETE RESTRICT');
    const owner = ownerOfMore({ table: 'hanging', column: 'execution', parent: executions });
    const [key] = owner.declared.get('hanging')!.foreignKeys;
    const hanging = {
      ...owner.declared.get('hanging')!,
      foreignKeys: [{ ...key!, onDelete: 'RESTRICT' as const }],
    };
    const declared = new Map(owner.declared).set('hanging', hanging);
    const settled = bench.settle('fk_flows_policy', 'quarantine', { owner: { ...owner, declared } });
    await expect(settled).rejects.toMatchObject({
      code: 'STILL_REFERENCED',
      message: expect.stringContaining('ON DELETE RESTRICT'),
    });
  });

  it('is quarantined with the orphan even if the key between the two tables is missing, whatever their collations', async () => {
    await bench.dropKey('fk_executions_flow');
    await database.session.query(
      `ALTER TABLE ${executions} MODIFY flow_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL`,
    );
    expect(await bench.settle('fk_flows_policy', 'quarantine')).toEqual({
      rows: 3,
      cascaded: { [executions]: 15 },
    });
    expect(await bench.ids(executions)).toEqual([]);
  });

  it('stays when it was assigned to another flow meanwhile', async () => {
    await bench.insertFlow('fine');
    const session = before(/^SELECT .* FROM `protection_flow_executions` r FORCE .* FOR UPDATE$/, () =>
      database.session.query(`UPDATE ${executions} SET flow_id = 'fine' WHERE id = 'f1-0'`),
    );
    await bench.settle('fk_flows_policy', 'quarantine', { session, batchRows: 2 });
    expect(await bench.ids(executions)).toEqual(['f1-0']);
    expect(await bench.quarantinedIds()).toHaveLength(17);
  });

  it('is quarantined too when it was inserted between the last read and the lock', async () => {
    // Rows that come while the lock is held wait until they time out
    await database.session.query('SET SESSION innodb_lock_wait_timeout = 1');
    let made = 0;
    const session = before(
      /^SELECT .* FROM `protection_flows` r .* FOR UPDATE$/,
      async () => {
        made += 1;
        await bench.insertExecution(`late-${made}`, 'f2').catch(() => undefined);
      },
      'always',
    );
    const { cascaded } = await bench.settle('fk_flows_policy', 'quarantine', { session, batchRows: 2 });
    expect(made).toBeGreaterThan(3);
    const late = (await bench.quarantinedIds()).filter((id) => /^late/.test(id));
    expect(late.length).toBeGreaterThan(0);
    expect(cascaded).toEqual({ [executions]: 15 + late.length });
    expect(await bench.ids(executions)).toEqual([]);
  });

  it('is never lost while a writer keeps inserting rows', async () => {
    const writer = sessionOf(await database.connect());
    const accepted: string[] = [];
    let goesOn = true;
    const writing = (async () => {
      for (let n = 0; goesOn; n += 1) {
        const [id, flow] = [`w${n}`, `f${(n % 3) + 1}`];
        await writer
          .query(
            `INSERT INTO ${executions} (id, flow_id, execution_type, started_at) VALUES (?, ?, 'api', NOW())`,
            [id, flow],
          )
          .then(() => accepted.push(id))
          .catch((error: { errno?: number }) => expect([1452, 1213, 1205]).toContain(error.errno));
      }
    })();
    const settled = await bench.settle('fk_flows_policy', 'quarantine', { batchRows: 200 });
    goesOn = false;
    await writing;
    expect(settled).toEqual({ rows: 3, cascaded: { [executions]: 15 + accepted.length } });
    const kept = new Set(await bench.quarantinedIds());
    expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
    expect(await select(database.session, `SELECT id FROM ${executions}`)).toEqual([]);
  });

  /** A new session; before its first statement (or each) that matches the pattern, `others` runs. */
  function before(
    pattern: RegExp,
    others: () => Promise<unknown>,
    times: 'once' | 'always' = 'once',
  ): Queryable {
    let done = false;
    const own = database.connect().then(sessionOf);
    return {
      async query(sql, parameters) {
        if (pattern.test(sql) && !(done && times === 'once')) {
          done = true;
          await others();
        }
        return (await own).query(sql, parameters);
      },
    };
  }
});
