import { setTimeout as delay } from 'node:timers/promises';
import type { ProtectionFlowsError } from '../../../src/errors';
import { migrate, rollback } from '../../../src/engine/migrate';
import { readNode } from '../../../src/engine/server/node';
import { ensureLeaseTable } from '../../../src/engine/session/lease-table';
import { select } from '../../../src/engine/server/queryable';
import { beforeStatement } from '../../support/around-statements';
import { sessionOf } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { migrationCount, stepsBackTo } from '../../support/migrations';
import { prepareSchema } from '../../support/prepare-schema';

const database = useDatabase({ per: 'each', platform: 'none' });
const dataSource = useDataSource(database, { per: 'each', migrated: false });

const lease = async () => {
  const [row] = await select<{
    owner: string | null;
    fence: number;
    expires_at: Date | null;
    holder: string;
  }>(database.session, 'SELECT * FROM sendense_flow_lock');
  return row!;
};
/** Writes the lease as if somebody had taken it on that node, for so many seconds. */
const takenBy = (node: string, seconds: number) =>
  database.session.query(
    `UPDATE sendense_flow_lock SET owner = 'somebody', holder = 'pid 1 on elsewhere', node = ?, connection_id = 7,
            taken_at = UTC_TIMESTAMP(3), expires_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND`,
    [node, seconds],
  );
const tables = async () =>
  (
    await select<{ name: string }>(
      database.session,
      "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'protection%'",
    )
  ).map(({ name }) => name);

// Guards that two nodes of a cluster never migrate at once, and that a run that died does not lock out the others.
describe('the lease', () => {
  it('is free after a migrate, however the migrate ended', async () => {
    await migrate(dataSource());
    expect(await lease()).toMatchObject({ owner: null, expires_at: null });
    const { fence } = await lease();
    await rollback(dataSource(), { steps: 'all' });
    expect(await lease()).toMatchObject({ owner: null });
    const stop = new AbortController();
    const stopped = migrate(dataSource(), {
      signal: stop.signal,
      onProgress: ({ migration }) => migration && stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await lease()).toMatchObject({ owner: null });
    expect(Number((await lease()).fence)).toBe(Number(fence) + 2);
  });

  it('is taken at once when the session of its holder on this server is gone', async () => {
    await prepareSchema(dataSource());
    await takenBy((await readNode(database.session)).id, 300);
    const waits: string[] = [];
    await migrate(dataSource(), {
      onProgress: ({ step }) => step.startsWith('wait for') && waits.push(step),
    });
    expect(waits).toEqual([]);
    expect(await lease()).toMatchObject({ owner: null });
  });

  it('of a holder on another node is waited for until the holder releases it or it expires', async () => {
    await prepareSchema(dataSource());
    await takenBy('elsewhere:3306 abc', 300);
    await expect(migrate(dataSource(), { lockWaitMs: 1 })).rejects.toMatchObject({
      code: 'MIGRATE_LOCKED',
      message: expect.stringMatching(/pid 1 on elsewhere, since 20.*Z \(connection 7 on elsewhere:3306\)$/),
    });
    const onProgress = ({ step }: { step: string }): void => {
      if (step.includes('pid 1 on elsewhere')) void takenBy('elsewhere:3306 abc', 0);
    };
    expect((await migrate(dataSource(), { onProgress })).ok).toBe(true);
    expect(await lease()).toMatchObject({ owner: null });
  });

  it('is waited for with a warning even without a progress display, as in a starting service', async () => {
    await prepareSchema(dataSource());
    await takenBy('elsewhere:3306 abc', 300);
    const warned: unknown[] = [];
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation((text) => {
      warned.push(text);
      void takenBy('elsewhere:3306 abc', 0);
    });
    try {
      await dataSource().runMigrations();
    } finally {
      warning.mockRestore();
    }
    expect(warned[0]).toMatch(/^wait for the migrate of pid 1 on elsewhere, since /);
  });

  it('is waited for when another session has just made its table and holds it', async () => {
    const other = await database.connect();
    const source = beforeStatement(
      dataSource(),
      /^CREATE TABLE IF NOT EXISTS sendense_flow_lock/,
      async () => {
        await ensureLeaseTable(sessionOf(other), 'sendense_flow_lock');
        await other.query('LOCK TABLES sendense_flow_lock WRITE');
      },
    );
    const waits: string[] = [];
    const onProgress = ({ step }: { step: string }): void => {
      if (!step.startsWith('wait for')) return;
      waits.push(step);
      void other.query('UNLOCK TABLES');
    };
    expect(await migrate(source, { onProgress })).toMatchObject({ ok: true });
    expect(waits[0]).toBe('wait for a connection that has locked sendense_flow_lock');
  });

  it('ends the migrate before its next statement when it is lost', async () => {
    const source = beforeStatement(dataSource(), /^CREATE TABLE .?protection_flows/, () =>
      takenBy('elsewhere:3306 abc', 300),
    );
    await expect(migrate(source)).rejects.toMatchObject({
      code: 'LOCK_LOST',
      message: expect.stringMatching(/pid 1 on elsewhere has held it since 20/),
    });
    // The statement that was already on its way, and no other
    expect(await tables()).toEqual(['protection_flows']);
    expect(await lease()).toMatchObject({ owner: 'somebody' });
    await takenBy('elsewhere:3306 abc', -1);
    expect((await migrate(dataSource())).ok).toBe(true);
  });

  it('is renewed while a statement takes longer than the lease lasts', async () => {
    await prepareSchema(dataSource());
    const blocker = await database.connect();
    await blocker.query('START TRANSACTION');
    await blocker.query('SELECT * FROM protection_flows');
    const ends = new Set<number>();
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const { expires_at } = await lease();
        if (expires_at) ends.add(expires_at.getTime());
        if (ends.size >= 4) await blocker.query('COMMIT');
        await delay(20);
      }
    })();
    const undone = await rollback(dataSource(), {
      steps: stepsBackTo('DropRedundantIndexes'),
      lockLeaseMs: 600,
    });
    watching = false;
    await watch;
    expect(undone.undone).toHaveLength(stepsBackTo('DropRedundantIndexes'));
    expect(ends.size).toBeGreaterThanOrEqual(4);
  });
});

// Any administrator can change the lock's table. Guards that no run then waits for ever or reports a wrong cause.
describe('a lock table', () => {
  const query = (sql: string) => database.session.query(sql);
  beforeEach(() => prepareSchema(dataSource()));

  it.each<[string, string]>([
    ['emptied', 'DELETE FROM sendense_flow_lock'],
    ['dropped', 'DROP TABLE sendense_flow_lock'],
    ['leased until 2099', "UPDATE sendense_flow_lock SET owner = 'x', node = 'n', expires_at = '2099-01-01'"],
    ['leased for ever', "UPDATE sendense_flow_lock SET owner = 'x', node = 'n', expires_at = NULL"],
  ])('that somebody has %s delays nobody', async (_what, sql) => {
    await query(sql);
    expect((await rollback(dataSource(), { lockWaitMs: 0 })).undone).toHaveLength(1);
    expect((await migrate(dataSource(), { lockWaitMs: 0 })).ok).toBe(true);
  });

  it.each<[string, string]>([
    ['altered', 'ALTER TABLE sendense_flow_lock DROP COLUMN fence'],
    ['given a column of another type', 'ALTER TABLE sendense_flow_lock CHANGE holder holder int NULL'],
    [
      'replaced by a view',
      "DROP TABLE sendense_flow_lock; CREATE VIEW sendense_flow_lock AS SELECT 'x' AS name",
    ],
  ])('that somebody has %s is refused, with a remedy that works', async (_what, sql) => {
    for (const statement of sql.split('; ')) await query(statement);
    const error = await migrate(dataSource()).catch((thrown: ProtectionFlowsError) => thrown);
    expect(error).toMatchObject({
      code: 'SCHEMA_HAND_MADE',
      message: expect.stringMatching(/^sendense_flow_lock, the table of the migration lock, is not as .*: ./),
    });
    const [drop = ''] = /DROP (TABLE|VIEW) \w+/.exec((error as ProtectionFlowsError).remedy) ?? [];
    await query(drop);
    expect((await rollback(dataSource())).undone).toHaveLength(1);
  });

  it.each([
    ['could not end a commit', 1180, { code: 'CONNECTION_LOST' }],
    ['was interrupted', 1317, { code: 'QUERY_FAILED', details: { errno: 1317 } }],
    ['ran out of time', 1969, { code: 'QUERY_FAILED', details: { errno: 1969 } }],
    ['ran out of time', 3024, { code: 'QUERY_FAILED', details: { errno: 3024 } }],
  ])('is not called hand-made when a statement on it %s (%d)', async (_what, errno, expected) => {
    await query(
      `CREATE TRIGGER not_now BEFORE UPDATE ON sendense_flow_lock FOR EACH ROW
         SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = 'not now'`,
    );
    await expect(migrate(dataSource())).rejects.toMatchObject(expected);
  });

  it.each<[string, string[]]>([
    ['whose row', ['START TRANSACTION', 'SELECT * FROM sendense_flow_lock FOR UPDATE']],
    ['that', ['LOCK TABLES sendense_flow_lock WRITE']],
  ])(
    '%s another session has locked is waited for no longer than another migrate',
    async (_what, statements) => {
      const other = await database.connect();
      for (const statement of statements) await other.query(statement);
      await expect(migrate(dataSource(), { lockWaitMs: 0 })).rejects.toMatchObject({
        code: 'MIGRATE_LOCKED',
        message: expect.stringMatching(/is held by a connection that has locked sendense_flow_lock$/),
      });
      const stop = new AbortController();
      await expect(
        migrate(dataSource(), {
          signal: stop.signal,
          onProgress: ({ step }) => step.startsWith('wait for a connection') && stop.abort(),
        }),
      ).rejects.toMatchObject({ code: 'INTERRUPTED' });
      other.destroy();
      expect((await migrate(dataSource())).ok).toBe(true);
    },
  );

  it('that somebody has filled in only partly gives MIGRATE_LOCKED, which calls the missing values unknown', async () => {
    await query(
      "UPDATE sendense_flow_lock SET owner = 'x', expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE, taken_at = NULL, connection_id = 7",
    );
    await expect(migrate(dataSource(), { lockWaitMs: 0 })).rejects.toMatchObject({
      code: 'MIGRATE_LOCKED',
      message: expect.stringMatching(
        /: somebody, since an unknown time \(connection 7 on an unknown server\)$/,
      ),
      remedy: expect.stringMatching(
        /or on its server, an unknown server: KILL 7\. After its end, its lock expires/,
      ),
    });
  });

  it.each<[string, string, RegExp]>([
    ['dropped', 'DROP TABLE sendense_flow_lock', /took this run's lock away: .*sendense_flow_lock.*exist/],
    [
      'emptied',
      'DELETE FROM sendense_flow_lock',
      /took this run's lock away: the row of sendense_flow_lock was deleted/,
    ],
    ['altered', 'ALTER TABLE sendense_flow_lock DROP COLUMN owner', /took this run's lock away: .*owner/],
  ])(
    'that somebody has %s during a migrate ends the migrate before its next statement',
    async (_what, sql, message) => {
      await rollback(dataSource(), { steps: 'all' });
      const source = beforeStatement(dataSource(), /^CREATE TABLE .?protection_flows/, () => query(sql));
      await expect(migrate(source)).rejects.toMatchObject({
        code: 'LOCK_LOST',
        message: expect.stringMatching(message),
      });
      expect(await tables()).toEqual(['protection_flows']);
    },
  );
});

// Guards that one can tell later which program, of which version, changed the schema, and when.
it('a migrate leaves a record of each migration', async () => {
  await migrate(dataSource());
  const rows = await select(database.session, 'SELECT * FROM sendense_flow_migrations');
  expect(rows).toHaveLength(migrationCount);
  for (const row of rows)
    expect(row).toMatchObject({
      applied_by: expect.stringMatching(new RegExp(`^pid ${process.pid} on .+`)),
      applied_at: expect.any(Date),
      package_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      duration_ms: expect.any(Number),
    });
});
