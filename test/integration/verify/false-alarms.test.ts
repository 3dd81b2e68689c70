import { adopt } from '../../../src/engine/adopt';
import { createTableSql, foreignKeySql, alterSql } from '../../../src/engine/schema/ddl';
import { declaredSchema } from '../../../src/migrations';
import { migrate } from '../../../src/engine/migrate';
import type { Queryable } from '../../../src/engine/server/queryable';
import type { Flavour } from '../../../src/engine/server/server';
import { platformTableNames, createPlatformTables } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase, type UseDatabaseOptions } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { seedFlows } from './damaged-database';
import { faultsOf } from '../../support/verify-faults';

const isMysql = (): boolean => sharedServer().flavour === 'mysql';

const flows = (change: string): string => `ALTER TABLE protection_flows ${change}`;
const executions = (change: string): string => `ALTER TABLE protection_flow_executions ${change}`;

/** A correct database that looks different. */
interface Variation {
  readonly name: string;
  readonly change: readonly string[];
  readonly only?: Flavour;
}

const uniqueAgain = (how: string): string => flows(`DROP INDEX uq_flows_name, ADD ${how}`);

const variations: readonly Variation[] = [
  {
    name: 'defaults written differently',
    change: [
      flows('MODIFY enabled BOOLEAN NOT NULL DEFAULT TRUE'),
      flows("MODIFY total_executions INTEGER NOT NULL DEFAULT '0'"),
      executions('MODIFY vms_processed int NOT NULL DEFAULT (0)'),
      executions("MODIFY triggered_by varchar(255) NOT NULL DEFAULT ('system')"),
      flows('MODIFY created_at timestamp NOT NULL DEFAULT NOW()'),
      flows('MODIFY updated_at timestamp(0) NOT NULL DEFAULT CURRENT_TIMESTAMP() ON UPDATE NOW()'),
      executions('MODIFY id varchar(64) NOT NULL DEFAULT (UUID())'),
    ],
  },
  {
    name: 'RESTRICT instead of NO ACTION, the reverse, and neither written',
    change: [
      flows('DROP FOREIGN KEY fk_flows_repository, DROP FOREIGN KEY fk_flows_schedule'),
      executions('DROP FOREIGN KEY fk_executions_flow'),
      flows(
        'ADD CONSTRAINT fk_flows_repository FOREIGN KEY (repository_id) REFERENCES backup_repositories (id)',
      ),
      flows(
        'ADD CONSTRAINT fk_flows_schedule FOREIGN KEY (schedule_id) REFERENCES replication_schedules (id) ON DELETE SET NULL ON UPDATE RESTRICT',
      ),
      executions(
        'ADD CONSTRAINT fk_executions_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON UPDATE NO ACTION ON DELETE CASCADE',
      ),
    ],
  },
  {
    name: 'a duplicate key with a name that the server made',
    change: [flows('ADD FOREIGN KEY (policy_id) REFERENCES backup_policies (id) ON DELETE SET NULL')],
  },
  {
    name: 'JSON as LONGTEXT with json_valid',
    change: [
      executions(
        'MODIFY execution_metadata longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL CHECK (JSON_VALID(`execution_metadata`))',
      ),
      flows('MODIFY destination_config LONGTEXT NULL CHECK (json_valid(destination_config))'),
    ],
    only: 'mariadb',
  },
  {
    name: 'the CHECK with other parentheses, case, order and quoting',
    change: [
      flows('DROP CONSTRAINT chk_flows_type'),
      flows(
        `ADD CONSTRAINT chk_flows_type CHECK ((((NOT (\`DESTINATION_TYPE\` is null)) AND ('replication' = FLOW_TYPE))) or ((flow_type = "backup") && repository_id IS not NULL))`,
      ),
    ],
  },
  {
    name: 'display widths',
    change: [
      flows('MODIFY total_executions int(11) NOT NULL DEFAULT 0'),
      executions('MODIFY bytes_transferred bigint(20) NOT NULL DEFAULT 0'),
    ],
  },
  {
    name: 'an index made as KEY, and one as CONSTRAINT UNIQUE KEY',
    change: [
      executions('DROP INDEX idx_status, ADD KEY idx_status USING BTREE (status ASC)'),
      uniqueAgain('CONSTRAINT uq_flows_name UNIQUE KEY (name)'),
    ],
  },
  {
    name: 'an added nullable column, one with a default, and a plain index on both',
    change: [
      flows(
        "ADD tenant varchar(20) NULL, ADD colour varchar(9) NOT NULL DEFAULT 'red', ADD KEY tenant (tenant, colour)",
      ),
    ],
  },
  {
    name: 'an added AUTO_INCREMENT column',
    change: [flows('ADD number int NOT NULL AUTO_INCREMENT, ADD KEY number (number)')],
  },
  {
    name: 'added computed columns that are NOT NULL',
    change: [
      flows('ADD shout varchar(255) AS (UPPER(name)) VIRTUAL NOT NULL'),
      flows('ADD length int AS (CHAR_LENGTH(name)) STORED NOT NULL'),
    ],
    only: 'mysql',
  },
  {
    name: 'the columns in another order',
    change: [
      flows("MODIFY created_by varchar(255) NOT NULL DEFAULT 'system' FIRST"),
      executions(
        "MODIFY status enum('pending','running','success','warning','error','cancelled') NOT NULL DEFAULT 'pending' AFTER triggered_by",
      ),
    ],
  },
  {
    name: 'table options and comments',
    change: [
      flows("ROW_FORMAT=COMPRESSED COMMENT='flows' STATS_PERSISTENT=1 STATS_AUTO_RECALC=0 KEY_BLOCK_SIZE=8"),
      executions("MODIFY error_message text NULL COMMENT 'what went wrong'"),
    ],
  },
  {
    name: 'tables of other programs with similar names',
    change: [
      'CREATE TABLE protection_flow_notes (id int PRIMARY KEY, flow_id varchar(64))',
      'CREATE TABLE protection_flow_archive LIKE protection_flows',
      'CREATE VIEW protection_flow_list AS SELECT id FROM protection_flows',
    ],
  },
  {
    name: 'a history with a larger AUTO_INCREMENT, another collation and an added column',
    change: [
      'ALTER TABLE sendense_flow_migrations AUTO_INCREMENT = 1000',
      'ALTER TABLE sendense_flow_migrations CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
      'ALTER TABLE sendense_flow_migrations ADD ticket varchar(20) NULL',
    ],
  },
  {
    name: 'platform tables with more required columns',
    change: [
      // Existing rows get a date of zeros
      "SET SESSION sql_mode = ''",
      "ALTER TABLE backup_repositories ADD site enum('north','south') NOT NULL, ADD quota decimal(10,2) NOT NULL, ADD since date NOT NULL, ADD code char(5) NOT NULL, ADD no int NOT NULL AUTO_INCREMENT UNIQUE",
      'ALTER TABLE replication_schedules ADD owner varbinary(16) NOT NULL, ADD opening time NOT NULL, ADD flags bit(3) NOT NULL, ADD year_one year NOT NULL',
    ],
  },
  {
    name: 'an audit trigger',
    change: [
      'CREATE TABLE audit (at timestamp NULL, what varchar(200))',
      'CREATE TRIGGER audit_flows AFTER INSERT ON protection_flows FOR EACH ROW INSERT INTO audit VALUES (NOW(), NEW.name)',
    ],
  },
  {
    name: 'a key from a table of another program to ours',
    change: [
      'CREATE TABLE flow_tags (flow_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, FOREIGN KEY (flow_id) REFERENCES protection_flows (id))',
    ],
  },
  {
    name: 'a key added with foreign_key_checks on',
    change: [
      flows('DROP FOREIGN KEY fk_flows_policy'),
      'SET foreign_key_checks = 1',
      flows(
        'ADD CONSTRAINT `fk_flows_policy` FOREIGN KEY `idx_policy` (`policy_id`) REFERENCES `backup_policies` (`id`) ON DELETE SET NULL ON UPDATE NO ACTION',
      ),
    ],
  },
];

async function assertProven(dataSource: Parameters<typeof verify>[0]): Promise<void> {
  const { verdict, checks } = await verify(dataSource);
  expect({ verdict, not: faultsOf(checks) }).toEqual({
    verdict: 'proven',
    not: [],
  });
}

// Guards against false alarms of verify, which would make operators ignore it.
describe('a correct database that looks different is proven', () => {
  describe('with', () => {
    const database = useDatabase({ platform: 'mixed', per: 'each' });
    const dataSource = useDataSource(database, { per: 'each' });
    it.each(variations.filter(({ only }) => only === undefined || only === sharedServer().flavour))(
      '$name',
      async ({ change }) => {
        await seedFlows(database.session);
        for (const sql of change) await database.session.query(sql);
        await assertProven(dataSource());
      },
    );
  });

  const collations: readonly UseDatabaseOptions['platform'][] = ['general_ci', 'mixed', 'latin1'];
  describe.each(collations)('with the platform in %s', (platform) => {
    const database = useDatabase({ platform });
    const dataSource = useDataSource(database);
    it('and rows', async () => {
      await seedFlows(database.session);
      await assertProven(dataSource());
    });
  });

  describe('with the default collation of the newest servers', () => {
    const database = useDatabase({ platform: 'none' });
    it('in the database and in every table of the platform', async () => {
      const collation = isMysql() ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_uca1400_ai_ci';
      const known = (await database.session.query(
        `SHOW COLLATION LIKE '${collation.replace('utf8mb4_', '%')}'`,
      )) as unknown[];
      const used = known.length > 0 ? collation : 'utf8mb4_unicode_520_ci';
      await database.session.query(
        `ALTER DATABASE \`${database.name}\` CHARACTER SET utf8mb4 COLLATE ${used}`,
      );
      const fresh = await openDataSource(database);
      await createPlatformTables(database.session, { schedules: used, repositories: used });
      expect((await migrate(fresh)).ok).toBe(true);
      await seedFlows(database.session);
      await assertProven(fresh);
      await fresh.destroy();
    });
  });

  describe('made by hand', () => {
    const database = useDatabase({ platform: 'none', per: 'each' });

    /** Makes the declared tables by hand, with the history. */
    async function makeByHand(session: Queryable): Promise<void> {
      for (const table of declaredSchema.values())
        await session.query(createTableSql(table).toLowerCase().replaceAll('`', ''));
      for (const { name, foreignKeys } of declaredSchema.values())
        for (const key of foreignKeys)
          await session.query(alterSql(name, `ADD ${foreignKeySql(key, sharedServer().flavour)}`));
    }

    it('exactly as declared, on a platform with one collation, once adopt has recorded it', async () => {
      const { session } = database;
      await createPlatformTables(
        session,
        { schedules: 'utf8mb4_unicode_ci', repositories: 'utf8mb4_unicode_ci' },
        platformTableNames,
      );
      await makeByHand(session);
      const dataSource = await openDataSource(database);
      const report = await verify(dataSource);
      expect(report.verdict).toBe('present-but-unrecorded');
      const history = report.checks.filter(({ status }) => status === 'fail');
      // A history written by hand would skip what adopt asks: which schedules begin to run
      expect(history.map(({ id, remedy }) => [id, remedy])).toEqual([['history', 'protection-flows adopt']]);
      expect(await adopt(dataSource)).toMatchObject({ ok: true, recorded: true });
      await assertProven(dataSource);
      await dataSource.destroy();
    });
  });
});
