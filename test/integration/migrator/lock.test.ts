import { setTimeout as delay } from 'node:timers/promises';
import { migrate, rollback } from '../../../src/migrator';
import { readNode } from '../../../src/migrator/locking/node';
import { select } from '../../../src/schema/queryable';
import { beforeStatement } from '../../support/around-statements';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';

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
/** As if somebody had taken the lease on that node, for so long. */
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

// Without these, two nodes of a cluster would migrate at once, or a run that died would lock out all others.
describe('the lease', () => {
  it('is free after a run, however that ended', async () => {
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

  it('of a holder on this server whose session is gone is taken at once', async () => {
    await migrate(dataSource());
    await takenBy((await readNode(database.session)).id, 3600);
    const waits: string[] = [];
    await migrate(dataSource(), {
      onProgress: ({ step }) => step.startsWith('wait for') && waits.push(step),
    });
    expect(waits).toEqual([]);
    expect(await lease()).toMatchObject({ owner: null });
  });

  it('of a holder on another node is waited for, until it is given back or has run out', async () => {
    await migrate(dataSource());
    await takenBy('elsewhere:3306 abc', 3600);
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

  it('is waited for aloud also where there is no progress to show, as by a service that starts', async () => {
    await migrate(dataSource());
    await takenBy('elsewhere:3306 abc', 3600);
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

  it('that was lost ends the run before its next statement', async () => {
    const source = beforeStatement(dataSource(), /^CREATE TABLE .?protection_flows/, () =>
      takenBy('elsewhere:3306 abc', 3600),
    );
    await expect(migrate(source)).rejects.toMatchObject({
      code: 'LOCK_LOST',
      message: expect.stringMatching(/pid 1 on elsewhere has had it since 20/),
    });
    // The one that was on its way, and no other
    expect(await tables()).toEqual(['protection_flows']);
    expect(await lease()).toMatchObject({ owner: 'somebody' });
    await takenBy('elsewhere:3306 abc', -1);
    expect((await migrate(dataSource())).ok).toBe(true);
  });

  it('is renewed while a statement takes longer than it lasts', async () => {
    await migrate(dataSource());
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
    const undone = await rollback(dataSource(), { lockLeaseMs: 600 });
    watching = false;
    await watch;
    expect(undone.undone).toHaveLength(1);
    expect(ends.size).toBeGreaterThanOrEqual(4);
  });
});

// Without it, nobody could tell later which program, of which version, has changed the schema, and when.
it('a migrate leaves a record of each migration', async () => {
  await migrate(dataSource());
  const rows = await select(database.session, 'SELECT * FROM sendense_flow_migrations');
  expect(rows).toHaveLength(4);
  for (const row of rows)
    expect(row).toMatchObject({
      applied_by: expect.stringMatching(new RegExp(`^pid ${process.pid} on .+`)),
      applied_at: expect.any(Date),
      package_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      duration_ms: expect.any(Number),
    });
});
