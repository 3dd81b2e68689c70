import { adopt } from '../../../src/engine/adopt';
import { migrate } from '../../../src/engine/migrate';
import { migrationList } from '../../../src/migrations';
import { select } from '../../../src/engine/server/queryable';
import { openDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { look, paste } from './fix';
import { drop, expectSeenAndMended, flavour, flow, inno, without, type Scenario } from './scenario';

/** Guards each finding about our own tables and the history: preflight sees it without a change, and its remedy removes it. */
const database = useDatabase({ platform: 'none', per: 'each' });

const own: Record<string, Scenario> = {
  'orphans of a key with SET NULL': {
    migrated: true,
    damage: [drop('fk_flows_schedule'), flow('one', 'schedule_id')],
    code: 'FK_ORPHAN_ROWS',
    effect: 'key-refused',
    says: /1 row of protection_flows.*'gone'.*1452/,
  },
  'orphans of a key with RESTRICT': {
    migrated: true,
    damage: [drop('fk_flows_repository'), flow('one', 'repository_id')],
    code: 'FK_ORPHAN_ROWS',
    effect: 'key-refused',
    says: /backup_repositories/,
  },
  'orphans of a key with CASCADE': {
    migrated: true,
    damage: [
      drop('fk_executions_flow', 'protection_flow_executions'),
      "INSERT INTO protection_flow_executions (flow_id, execution_type) VALUES ('gone', 'manual'), ('gone', 'api')",
    ],
    code: 'FK_ORPHAN_ROWS',
    effect: 'key-refused',
    says: /2 rows of protection_flow_executions/,
  },
  'a child table with another engine, after all migrations': {
    migrated: true,
    damage: [
      drop('fk_executions_flow', 'protection_flow_executions'),
      drop('fk_executions_schedule', 'protection_flow_executions'),
      'ALTER TABLE protection_flow_executions DROP INDEX idx_flow_executions, ENGINE=MyISAM',
    ],
    code: 'ENGINE_NOT_INNODB',
    effect: 'key-refused',
    says: /protection_flow_executions has the engine MyISAM/,
  },
  'a NOT NULL column of a key with SET NULL': {
    migrated: true,
    damage: [
      drop('fk_flows_schedule'),
      'ALTER TABLE protection_flows MODIFY schedule_id varchar(64) NOT NULL',
    ],
    code: 'SCHEMA_HAND_MADE',
    effect: 'key-refused',
    says: /schedule_id is NOT NULL/,
  },
  'a missing child column': {
    migrated: true,
    damage: [
      drop('fk_flows_schedule'),
      'ALTER TABLE protection_flows DROP INDEX idx_flows_schedule_created, DROP COLUMN schedule_id',
    ],
    code: 'FK_TYPE_MISMATCH',
    effect: 'key-refused',
    says: /protection_flows has no column schedule_id/,
  },
  'a key with the declared name and another rule': {
    migrated: true,
    damage: [
      drop('fk_flows_schedule'),
      `ALTER TABLE protection_flows ADD CONSTRAINT fk_flows_schedule FOREIGN KEY (schedule_id)
         REFERENCES replication_schedules (id) ON DELETE CASCADE ON UPDATE NO ACTION`,
    ],
    code: 'SCHEMA_HAND_MADE',
    effect: 'key-refused',
    says: /CASCADE/,
  },
  'a table with a declared name and other columns': {
    damage: [
      `CREATE TABLE protection_flow_executions (id varchar(64) NOT NULL PRIMARY KEY, flow_id varchar(36) NULL, INDEX idx_status (flow_id)) ${inno}`,
    ],
    code: 'SCHEMA_HAND_MADE',
    effect: 'blocking',
    says: /table protection_flow_executions exists already/,
  },
  'an index with a declared name and other columns': {
    migrated: true,
    damage: [
      "DELETE FROM sendense_flow_migrations WHERE name LIKE 'AddOperational%' OR name LIKE 'AllowCancelled%' OR name LIKE 'DropRedundant%'",
      'ALTER TABLE protection_flows DROP INDEX idx_flows_due, ADD INDEX idx_flows_due (next_execution_time)',
    ],
    code: 'SCHEMA_HAND_MADE',
    effect: 'blocking',
    says: /idx_flows_due/,
  },
  'a missing table whose migration is recorded': {
    migrated: true,
    damage: ['DROP TABLE protection_flow_executions'],
    code: 'SCHEMA_HALF_APPLIED',
    effect: 'blocking',
    says: /table protection_flow_executions does not exist/,
  },
  'a migration of a newer version': {
    migrated: true,
    damage: ["INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1, 'It''s1999999999999')"],
    code: 'HISTORY_UNKNOWN',
    effect: 'blocking',
    says: /It's1999999999999/,
  },
  'a migration missing in the middle of the history': {
    migrated: true,
    damage: ["DELETE FROM sendense_flow_migrations WHERE name LIKE 'AddForeignKeys%'"],
    code: 'HISTORY_OUT_OF_ORDER',
    effect: 'blocking',
    says: /AddForeignKeys/,
    after: async () => {
      const rows = await select<{ name: string }>(
        database.session,
        'SELECT name FROM sendense_flow_migrations ORDER BY id',
      );
      expect(rows.map(({ name }) => name)).toEqual(migrationList.map(({ name }) => name));
    },
  },
  ...(flavour === 'mysql'
    ? {
        'a name of a CHECK that another table has taken': {
          damage: ['CREATE TABLE old_flows (a int, CONSTRAINT chk_flows_type CHECK (a > 0))'],
          code: 'CONSTRAINT_NAME_TAKEN',
          effect: 'blocking',
          says: /chk_flows_type is taken by a CHECK of old_flows.*3822/,
        },
      }
    : {}),
};

describe('preflight changes nothing, and its pasted remedies let the next migrate succeed, for', () => {
  it.each(Object.entries(own))('%s', (_name, scenario) =>
    expectSeenAndMended(database, without('backup_jobs'), scenario),
  );
});

// As an application's own DataSource once left them. The first migration's tables do not allow a cancelled last status.
it('adopt records complete tables without a history, and changes no status', async () => {
  const dataSource = await openDataSource(database);
  try {
    await migrate(dataSource);
    await database.session.query(flow('one', 'schedule_id'));
    await database.session.query(
      "UPDATE protection_flows SET schedule_id = NULL, last_execution_status = 'cancelled'",
    );
    // Without a run, adopt would count none for this flow, and reset its status
    await database.session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, execution_type, status, started_at, completed_at)
        SELECT 'run', id, 'manual', 'cancelled', NOW(), NOW() FROM protection_flows`,
    );
    await database.session.query('DROP TABLE sendense_flow_migrations');

    const { findings } = await look(database);
    await paste(database, findings);
    expect(findings.filter(({ effect }) => effect === 'blocking')).toMatchObject([
      { code: 'SCHEMA_HAND_MADE', remedy: expect.stringMatching(/adopt --repair$/) as string },
    ]);
    expect(await adopt(dataSource, { repair: true })).toMatchObject({ ok: true });
    expect(
      await select(database.session, 'SELECT last_execution_status AS status FROM protection_flows'),
    ).toEqual([{ status: 'cancelled' }]);
    expect(await look(database)).toMatchObject({ ok: true });
  } finally {
    await dataSource.destroy();
  }
});
