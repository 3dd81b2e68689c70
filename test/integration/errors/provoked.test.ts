import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { run } from '../../../src/cli/run';
import { services } from '../../../src/cli/services';
import { fileWriter } from '../../../src/cli/files';
import { ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { errorCodes, loaded, type ErrorCode, type ErrorReport } from '../../../src/errors';
import { adopt } from '../../../src/engine/adopt';
import {
  keepPlan,
  migrate,
  planMigrate,
  rollback,
  runPreflight,
  type Finding,
} from '../../../src/engine/migrate';
import { lockName } from '../../../src/engine/session/lock';
import { createPlatformTables, createRepository } from '../../../src/testing';
import { beforeStatement } from '../../support/around-statements';
import { useDatabase, usePrivateServer } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { temporaryFolder } from '../../support/temporary-folder';
import { connectionProvocations, secret } from './connection-provocations';
import { dataLayerProvocations } from './data-layer-provocations';
import { doorProvocations } from './door-provocations';
import { guardProvocations } from './guard-provocations';
import { stepsBackTo } from '../../support/migrations';
import { prepareSchema } from '../../support/prepare-schema';

const isNoted = ({ effect }: Finding): boolean => effect === 'noted';

type Provocation = () => Promise<unknown>;

/**
 * Guards that each error code can come up, carries a fault, a consequence and a fix, and never a password. A code
 * without a provocation does not compile.
 */
describe('a real fault gives', () => {
  const server = usePrivateServer();
  const database = useDatabase({ platform: 'none', server, per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  /** Throws the finding of that code in a plan: a finding has the fields of an error report. */
  const finding = async (code: ErrorCode, options?: { copyLimitRows: number }): Promise<unknown> => {
    const found = (await planMigrate(dataSource(), options)).findings.find((one) => one.code === code);
    throw found === undefined
      ? new Error(`no finding ${code}`)
      : { consequence: errorCodes[code].consequence, ...found };
  };
  const withParent = async (sql: string): Promise<void> => {
    await createPlatformTables(database.session, 'mixed', ['replication_schedules']);
    await query(sql);
  };
  const cli = async (argv: string[], given: object = {}): Promise<never> => {
    let stdout = '';
    const stream = { write: (text: string) => (stdout += text) };
    await run({
      argv: [...argv, '--json'],
      env: { DATABASE_URL: database.url },
      cwd: '/',
      stdout: stream,
      stderr: { write: () => true },
      onInterrupt: () => () => undefined,
      onCrash: () => undefined,
      onWarning: () => () => undefined,
      quit: () => undefined,
      services: { ...services, ...given },
    });
    throw (JSON.parse(stdout) as { error: ErrorReport }).error;
  };

  const flow = {
    name: 'one',
    flow_type: 'replication',
    target_type: 'vm',
    target_id: 'vm',
    destination_type: 'ossea',
  } as const;
  const flows = () => dataSource().getRepository(ProtectionFlow);

  const findingWith = (code: ErrorCode, parent: string) => (): Promise<unknown> =>
    withParent(parent).then(() => finding(code));

  const stealLease = () => query("UPDATE sendense_flow_lock SET owner = 'x', holder = 'somebody'");
  const provocations: Readonly<Record<ErrorCode, Provocation>> = {
    USAGE: () => cli(['migrat']),
    PACKAGE_MISSING: () =>
      Promise.resolve().then(() =>
        loaded((): unknown => createRequire(__filename)('@sendense/is-not-there')),
      ),
    PLAN_FILE_UNUSABLE: () => cli(['migrate', '--plan-file', '/none.json']),
    FILE_NOT_WRITTEN: () => {
      const path = join(temporaryFolder(), 'page.html');
      const write = fileWriter(path);
      // After the path was checked, before the file is written
      mkdirSync(path);
      return Promise.resolve().then(() => write('page'));
    },
    PLAN_MOVED: async () => {
      const plan = await keepPlan(dataSource());
      await query('CREATE TABLE protection_flows (id int PRIMARY KEY)');
      return migrate(dataSource(), { plan });
    },
    INTERNAL: () =>
      cli(['status'], {
        openDatabase: () => Promise.reject(new Error(`a bug that tells ${database.settings.password}`)),
      }),
    INTERRUPTED: () => migrate(dataSource(), { signal: AbortSignal.abort() }),
    TABLE_BUSY: async () => {
      await prepareSchema(dataSource());
      await rollback(dataSource(), { steps: stepsBackTo('DropRedundantIndexes') });
      await query('START TRANSACTION');
      await query('SELECT COUNT(*) FROM protection_flows');
      return migrate(dataSource(), { tableWaitMs: 1 }).finally(() => query('COMMIT'));
    },
    TABLE_COPY_REFUSED: async () => {
      await createPlatformTables(database.session, 'mixed', ['replication_schedules']);
      await prepareSchema(dataSource());
      await flows().insert({ ...flow });
      await query(
        'CREATE TABLE backup_policies (id varchar(64) CHARACTER SET latin1 PRIMARY KEY) ENGINE=InnoDB',
      );
      return finding('TABLE_COPY_REFUSED', { copyLimitRows: 0 });
    },
    LOCK_LOST: () => migrate(beforeStatement(dataSource(), /^CREATE TABLE .?protection_flows/, stealLease)),
    MIGRATE_LOCKED: async () => {
      await query(`SELECT GET_LOCK('${lockName('sendense_flow', database.name)}', 0)`);
      return migrate(dataSource(), { lockWaitMs: 1 });
    },
    HISTORY_UNKNOWN: async () => {
      await prepareSchema(dataSource());
      await query(
        "INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1, 'FromTheFuture9999999999999')",
      );
      return rollback(dataSource());
    },
    HISTORY_OUT_OF_ORDER: async () => {
      await prepareSchema(dataSource());
      await query("DELETE FROM sendense_flow_migrations WHERE name LIKE 'AddForeignKeys%'");
      return finding('HISTORY_OUT_OF_ORDER');
    },
    SCHEMA_HAND_MADE: async () => {
      await query('CREATE TABLE protection_flows (id int PRIMARY KEY)');
      return finding('SCHEMA_HAND_MADE');
    },
    SCHEMA_HALF_APPLIED: async () => {
      await prepareSchema(dataSource());
      await query('DROP TABLE protection_flow_executions');
      return finding('SCHEMA_HALF_APPLIED');
    },
    NOTHING_TO_ADOPT: () => adopt(dataSource()),
    ROLLBACK_WOULD_LOSE_ROWS: async () => {
      await prepareSchema(dataSource());
      await flows().save({ ...flow });
      return rollback(dataSource(), { steps: 'all' });
    },
    SERVER_SETTING_UNSAFE: async () => {
      const setting = 'innodb_flush_log_at_trx_commit';
      await query(`SET GLOBAL ${setting} = 2`);
      const { findings } = await runPreflight(dataSource()).finally(() => query(`SET GLOBAL ${setting} = 1`));
      throw { consequence: errorCodes.SERVER_SETTING_UNSAFE.consequence, ...findings.find(isNoted) };
    },
    ROLLBACK_BLOCKED_BY_KEYS: async () => {
      await prepareSchema(dataSource());
      await query(
        `CREATE TABLE notes (flow varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
          CONSTRAINT fk_notes FOREIGN KEY (flow) REFERENCES protection_flows (id)) ENGINE=InnoDB`,
      );
      return rollback(dataSource(), { steps: 'all' });
    },
    ENUM_VALUE_IN_USE: async () => {
      await prepareSchema(dataSource());
      await flows().save({ ...flow, last_execution_status: 'cancelled' });
      return rollback(dataSource(), { steps: stepsBackTo('AllowCancelledAsLastStatus') });
    },
    FK_ORPHAN_ROWS: async () => {
      await prepareSchema(dataSource());
      await flows().save({ ...flow, policy_id: 'gone' });
      await createPlatformTables(database.session, 'mixed', ['backup_repositories', 'backup_policies']);
      return finding('FK_ORPHAN_ROWS');
    },
    FK_TYPE_MISMATCH: findingWith(
      'FK_TYPE_MISMATCH',
      'CREATE TABLE backup_policies (id int PRIMARY KEY) ENGINE=InnoDB',
    ),
    FK_COLLATION_MISMATCH: findingWith(
      'FK_COLLATION_MISMATCH',
      'CREATE TABLE backup_policies (id varchar(64) CHARSET ascii PRIMARY KEY) ENGINE=InnoDB',
    ),
    FK_PARENT_MISSING: () => finding('FK_PARENT_MISSING'),
    FK_PARENT_NOT_INDEXED: findingWith(
      'FK_PARENT_NOT_INDEXED',
      'CREATE TABLE backup_policies (id varchar(64)) ENGINE=InnoDB',
    ),
    FK_TABLE_PARTITIONED: findingWith(
      'FK_TABLE_PARTITIONED',
      'CREATE TABLE backup_policies (id varchar(64) PRIMARY KEY) ENGINE=InnoDB PARTITION BY KEY (id) PARTITIONS 2',
    ),
    CONSTRAINT_NAME_TAKEN: async () => {
      await query(
        'CREATE TABLE a (id int PRIMARY KEY, b int, CONSTRAINT fk_executions_flow FOREIGN KEY (b) REFERENCES a (id)) ENGINE=InnoDB',
      );
      return finding('CONSTRAINT_NAME_TAKEN');
    },
    ENGINE_NOT_INNODB: findingWith(
      'ENGINE_NOT_INNODB',
      'CREATE TABLE backup_policies (id varchar(64) PRIMARY KEY) ENGINE=MyISAM',
    ),
    VALIDATION_FAILED: async () => {
      await prepareSchema(dataSource());
      return flows().save({ ...flow, flow_type: 'backup' });
    },
    FLOW_NAME_TAKEN: async () => {
      await prepareSchema(dataSource());
      await flows().save({ ...flow });
      return flows().save({ ...flow, name: 'ONE' });
    },
    REFERENCE_NOT_FOUND: async () => {
      await prepareSchema(dataSource());
      return dataSource()
        .getRepository(ProtectionFlowExecution)
        .save({ flow_id: 'gone', execution_type: 'manual' });
    },
    STILL_REFERENCED: async () => {
      await createPlatformTables(database.session, 'mixed');
      await prepareSchema(dataSource());
      const { id } = await createRepository(dataSource());
      await flows().save({ ...flow, flow_type: 'backup', repository_id: id });
      return dataSource().query('DELETE FROM backup_repositories WHERE id = ?', [id]);
    },
    ...connectionProvocations(dataSource, database),
    ...dataLayerProvocations(dataSource),
    ...doorProvocations(dataSource, database),
    ...guardProvocations(dataSource),
  };

  it.each(Object.entries(provocations) as [ErrorCode, Provocation][])(
    '%s with a message, a consequence and a remedy',
    async (code, provoke) => {
      const error = await provoke().then(
        () => Promise.reject(new Error(`${code} did not come up`)),
        (thrown: unknown) => thrown as ErrorReport,
      );
      expect(error).toMatchObject({
        code,
        message: expect.stringMatching(/\S/),
        consequence: expect.stringMatching(/\S.*\.$/),
        remedy: expect.stringMatching(/\S/),
      });
      const shown = JSON.stringify(error) + error.message;
      for (const password of [secret, database.settings.password]) {
        expect(shown).not.toContain(password);
        expect(shown).not.toContain(encodeURIComponent(password));
      }
    },
  );
});
