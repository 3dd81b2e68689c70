import type { Connection } from 'mysql2/promise';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { migrate } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { waitFor } from '../../support/wait-for';
import { createUser } from '../preflight/as-user';

const documented = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON DB.*';
const key = 'fk_flows_repository';
const whole = /^$/;

/** Guards that DDL waits for a table without holding up the application, and says for whom it waits. */
describe('a table that another session holds', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  const isMysql = (): boolean => sharedServer().flavour === 'mysql';

  /** A connection whose open transaction has read the table. */
  async function holding(table = 'protection_flows'): Promise<Connection> {
    const holder = await database.connect();
    await holder.query('START TRANSACTION');
    await holder.query(`SELECT COUNT(*) FROM ${table}`);
    return holder;
  }
  const dropKey = () => query(`ALTER TABLE protection_flows DROP FOREIGN KEY ${key}`);

  /** A migrate that runs, and what it has told so far. */
  function started(options: Parameters<typeof migrate>[1] = {}, source = dataSource()) {
    const told: string[] = [];
    const run = { told, isOver: false, waits: () => told.some((step) => step.startsWith('wait for ')) };
    const result = migrate(source, { ...options, onProgress: ({ step }) => told.push(step) });
    const over = (): void => void (run.isOver = true);
    result.then(over, over);
    return Object.assign(run, { result });
  }
  const added = expect.objectContaining({ name: key, status: 'added' });

  it('delays a key until the transaction ends, and the session keeps its settings', async () => {
    const before = await catalogDump(database.session, whole);
    await dropKey();
    const holder = await holding();
    const run = started();
    await waitFor(run.waits);
    await holder.query('COMMIT');
    expect(await run.result).toMatchObject({ ok: true, keys: expect.arrayContaining([added]) });
    expect(await catalogDump(database.session, whole)).toEqual(before);
  });

  it('delays a pool of one connection, which keeps its settings', async () => {
    const source = createDataSource({ env: { DATABASE_URL: `${database.url}?poolSize=1` } });
    await source.initialize();
    const settings = 'SELECT @@foreign_key_checks AS checks, @@lock_wait_timeout AS seconds';
    const before = await source.query(settings);
    await dropKey();
    const holder = await holding();
    const run = started({}, source);
    await waitFor(run.waits);
    await holder.query('COMMIT');
    expect(await run.result).toMatchObject({ ok: true });
    expect(await source.query(settings)).toEqual(before);
    await source.destroy();
  });

  it('is named with its holder after the waiting time, and no change is left half-done', async () => {
    await dropKey();
    const before = await catalogDump(database.session, whole);
    const { threadId } = await holding();
    const run = started({ tableWaitMs: 200 });
    const { ok, findings } = await run.result;
    expect(ok).toBe(false);
    expect(findings).toMatchObject([
      {
        code: 'TABLE_BUSY',
        message: expect.stringContaining(`connection ${threadId} (root@`),
        remedy: expect.stringContaining(`KILL ${threadId};`),
        details: {
          tables: expect.arrayContaining(['protection_flows']),
          blockers: [{ connectionId: threadId, user: 'root', command: 'Sleep', lockTables: false }],
          certain: isMysql(),
          patienceMs: 200,
        },
      },
    ]);
    expect(findings[0]?.message).toMatch(/transaction open for \d+ s, now idle/);
    expect(run.told.find((step) => step.startsWith('wait for '))).toContain(`connection ${threadId} (root@`);
    expect(await catalogDump(database.session, whole)).toEqual(before);
    const [row] = await select<{ checks: unknown }>(dataSource(), 'SELECT @@foreign_key_checks AS checks');
    expect(Number(row?.checks)).toBe(1);
  });

  it('is named with a GRANT when the user may not see the holder, and after the GRANT with the holder', async () => {
    // Without LOCK TABLES, a migrate on a cluster aborts the holder
    const user = await createUser(database, [documented, 'LOCK TABLES ON DB.*']);
    try {
      await dropKey();
      const { threadId } = await holding();
      const source = createDataSource({ env: { DATABASE_URL: user.database.url } });
      await source.initialize();
      const grant = isMysql()
        ? `GRANT SELECT ON performance_schema.* TO ${user.user};`
        : `GRANT PROCESS ON *.* TO ${user.user};`;
      const blind = (await migrate(source, { tableWaitMs: 100 })).findings[0];
      expect(blind).toMatchObject({ code: 'TABLE_BUSY', details: { blockers: [] } });
      expect(blind?.message).toContain(`${user.user} may not see`);
      expect(blind?.remedy).toContain(grant);
      await query(grant);
      // PROCESS is looked up when a connection begins
      await source.destroy();
      await source.initialize();
      const seeing = (await migrate(source, { tableWaitMs: 100 })).findings[0];
      expect(seeing?.message).toContain(`connection ${threadId} (root@`);
      await source.destroy();
    } finally {
      await user.drop();
    }
  });

  it('stops delaying migrate at once when migrate is told to stop', async () => {
    await dropKey();
    await holding();
    const controller = new AbortController();
    const run = started({ signal: controller.signal });
    await waitFor(run.waits);
    controller.abort();
    await expect(run.result).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('delays only MySQL when the session reads a parent, and the message says this', async () => {
    await dropKey();
    const holder = await holding('backup_repositories');
    const run = started();
    if (isMysql()) {
      await waitFor(run.waits);
      expect(run.told.at(-1)).toMatch(
        new RegExp(`connection ${holder.threadId} .*which holds backup_repositories`),
      );
      await holder.query('COMMIT');
    }
    expect(await run.result).toMatchObject({ ok: true });
  });

  it('held by LOCK TABLES … READ is distinguished from one held by a transaction', async () => {
    await dropKey();
    const holder = await database.connect();
    await holder.query(
      'LOCK TABLES protection_flows READ, backup_repositories READ, protection_flow_executions READ',
    );
    const { findings } = await migrate(dataSource(), { tableWaitMs: 100 });
    expect(findings).toMatchObject([{ code: 'TABLE_BUSY' }]);
    expect(findings[0]?.message).toContain('LOCK TABLES');
    if (isMysql()) expect(findings[0]?.remedy).toContain(`KILL ${holder.threadId};`);
    else expect(findings[0]?.remedy).toContain("INSTALL SONAME 'metadata_lock_info';");
  });

  it('held by LOCK TABLES … WRITE cannot even be read, which also gives TABLE_BUSY', async () => {
    await dropKey();
    const holder = await database.connect();
    await holder.query('LOCK TABLES protection_flows WRITE');
    const error = migrate(dataSource(), { tableWaitMs: 100 });
    await expect(error).rejects.toMatchObject({ code: 'TABLE_BUSY' });
    if (isMysql()) {
      await expect(error).rejects.toMatchObject({
        message: expect.stringContaining(`protection_flows was held by connection ${holder.threadId} (root@`),
      });
    }
  });
});
