import { migrate } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { seedPlatformRows } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { migrationCount } from '../../support/migrations';
import { faultsOf } from '../../support/verify-faults';

/** Guards the package's main promise on platform databases as they exist in the field. */
describe.each(['general_ci', 'mixed', 'latin1'] as const)(
  'migrate on a platform database in %s',
  (platform) => {
    const database = useDatabase({ platform, per: 'each' });

    async function migrated() {
      const dataSource = await openDataSource(database);
      try {
        return {
          result: await migrate(dataSource),
          report: await verify(dataSource),
          again: await migrate(dataSource),
        };
      } finally {
        await dataSource.destroy();
      }
    }

    it('makes both tables and all five keys with the right delete rules', async () => {
      const { result } = await migrated();
      expect(result).toMatchObject({ ok: true, keys: Array(5).fill({ status: 'added' }) });
      expect(result.applied).toHaveLength(migrationCount);
      expect(await select(database.session, "SHOW TABLES LIKE 'protection_flow%'")).toHaveLength(2);
      const keys = await select(
        database.session,
        `SELECT r.CONSTRAINT_NAME AS name, k.TABLE_NAME AS child, k.COLUMN_NAME AS col, k.REFERENCED_TABLE_NAME AS parent,
              k.REFERENCED_COLUMN_NAME AS parentCol, r.DELETE_RULE AS rule
         FROM information_schema.REFERENTIAL_CONSTRAINTS r
         JOIN information_schema.KEY_COLUMN_USAGE k
           ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
        WHERE r.CONSTRAINT_SCHEMA = DATABASE() AND r.TABLE_NAME LIKE 'protection%' ORDER BY name`,
      );
      expect(keys.map((key) => Object.values(key).join(' '))).toEqual([
        'fk_executions_flow protection_flow_executions flow_id protection_flows id CASCADE',
        'fk_executions_schedule protection_flow_executions schedule_execution_id schedule_executions id SET NULL',
        'fk_flows_policy protection_flows policy_id backup_policies id SET NULL',
        'fk_flows_repository protection_flows repository_id backup_repositories id RESTRICT',
        'fk_flows_schedule protection_flows schedule_id replication_schedules id SET NULL',
      ]);
    });

    it('is proven by verify, and a second migrate changes nothing', async () => {
      const { report, again } = await migrated();
      expect(faultsOf(report.checks)).toEqual([]);
      expect(report.verdict).toBe('proven');
      expect(again).toMatchObject({ ok: true, applied: [], keys: Array(5).fill({ status: 'present' }) });
    });

    it('makes tables that join with schedules, repositories and policies without an illegal mix of collations', async () => {
      await migrated();
      const ids = await seedPlatformRows(database.session);
      await database.session.query(
        `INSERT INTO protection_flows (name, flow_type, target_type, target_id, repository_id, policy_id, schedule_id)
       VALUES ('nightly', 'backup', 'vm', ?, ?, ?, ?)`,
        [ids.vms[0], ids.repositories[0], ids.policy, ids.schedules[0]],
      );
      const rows = await select(
        database.session,
        `SELECT f.id, s.id AS schedule, r.id AS repository, p.id AS policy FROM protection_flows f
         JOIN replication_schedules s ON s.id = f.schedule_id
         JOIN backup_repositories r ON r.id = f.repository_id
         JOIN backup_policies p ON p.id = f.policy_id`,
      );
      expect(rows).toMatchObject([
        { schedule: ids.schedules[0], repository: ids.repositories[0], policy: ids.policy },
      ]);
    });

    it('makes tables that accept raw inserts without an id, and that delete the executions of a deleted flow', async () => {
      await migrated();
      const { connection } = database;
      await connection.query(
        `INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type)
       VALUES ('raw', 'replication', 'vm', 'vm-1', 'ossea')`,
      );
      await connection.query(
        `INSERT INTO protection_flow_executions (flow_id, execution_type) SELECT id, 'manual' FROM protection_flows`,
      );
      expect(await select(database.session, 'SELECT LENGTH(id) AS length FROM protection_flows')).toEqual([
        { length: 36 },
      ]);
      await connection.query('DELETE FROM protection_flows');
      expect(await select(database.session, 'SELECT id FROM protection_flow_executions')).toEqual([]);
    });
  },
);
