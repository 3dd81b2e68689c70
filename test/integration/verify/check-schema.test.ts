import { createServer, type AddressInfo } from 'node:net';
import { checkSchema, waitForSchema, type SchemaFit } from '../../../src';
import { subject } from '../../../src/migrations';
import { waitForSchema as waitWith } from '../../../src/engine';
import { migrate, readStatus, rollback } from '../../../src/engine/migrate';
import { verify } from '../../../src/engine/verify';
import { recordApplied } from '../../../src/engine/history/history';
import { ownerOf } from '../../../src/engine/subject/subject';
import { stepsBackTo } from '../../support/migrations';
import { useDatabase, usePrivateServer } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { connectionUrl } from '../../../src/testing/connection-url';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { prepareSchema } from '../../support/prepare-schema';

const future = 'AddSomething1999999999999';

// Guards that a deployment starts no program on a schema that it does not fit, and does not wait in vain.
describe('checkSchema', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each', migrated: false });
  const check = (): Promise<SchemaFit> => checkSchema(dataSource());
  const record = (breaking: false | string): Promise<void> =>
    recordApplied(
      {
        owner: ownerOf(subject),
        execute: async (sql) => void (await database.session.query(sql)),
      },
      [{ name: future, breaking }],
      { appliedBy: 'a newer program', packageVersion: '9.0.0', durationMs: 1 },
    );

  it('returns absent before the first migrate, fits after a migrate, and behind after a rollback', async () => {
    expect(await check()).toMatchObject({ ok: false, state: 'absent', remedy: 'protection-flows migrate' });
    await prepareSchema(dataSource());
    expect(await check()).toMatchObject({
      ok: true,
      state: 'fits',
      pending: [],
      differences: [],
      remedy: null,
    });
    await rollback(dataSource());
    const newest = subject.migrations.at(-1)!.name;
    expect(await check()).toMatchObject({ ok: false, state: 'behind', pending: [newest] });
  });

  it('returns ahead for an unknown migration, unless the history records that it breaks no older program', async () => {
    await prepareSchema(dataSource());
    await record('Older programs count wrong.');
    const ahead = await check();
    expect(ahead).toMatchObject({ ok: false, state: 'ahead' });
    expect(ahead.message).toContain(`${future}: Older programs count wrong.`);
    expect(ahead.unknown).toEqual([{ name: future, breaking: 'Older programs count wrong.' }]);

    await database.session.query(
      `UPDATE sendense_flow_migrations SET breaking = NULL WHERE name = '${future}'`,
    );
    expect(await check()).toMatchObject({ ok: false, state: 'ahead' });

    await database.session.query(`DELETE FROM sendense_flow_migrations WHERE name = '${future}'`);
    await record(false);
    expect(await check()).toMatchObject({
      ok: true,
      state: 'fits',
      unknown: [{ name: future, breaking: false }],
    });
  });

  it('reads a history that records what each migration breaks', async () => {
    await prepareSchema(dataSource());
    const rows = await database.session.query(
      'SELECT name, breaking FROM sendense_flow_migrations ORDER BY id',
    );
    expect(rows).toEqual(
      subject.migrations.map(({ name, breaking }) => ({
        name,
        breaking: breaking === false ? '' : breaking,
      })),
    );
  });

  it('accepts a history of an earlier release without this information, and migrate completes the history', async () => {
    await prepareSchema(dataSource());
    await rollback(dataSource(), { steps: stepsBackTo('KeepWhatPruneRemoved') });
    await database.session.query('ALTER TABLE sendense_flow_migrations DROP COLUMN breaking');
    expect(await check()).toMatchObject({ state: 'behind' });
    await migrate(dataSource());
    expect(await check()).toMatchObject({ state: 'fits' });
    const [newest] = (await database.session.query(
      "SELECT breaking FROM sendense_flow_migrations WHERE name LIKE 'KeepWhatPruneRemoved%'",
    )) as { breaking: string }[];
    expect(newest?.breaking).toMatch(/recount/);
  });

  it('finds no fault in a complete history of an earlier release, nor does any other command', async () => {
    await prepareSchema(dataSource());
    await database.session.query('ALTER TABLE sendense_flow_migrations DROP COLUMN breaking');
    expect(await check()).toMatchObject({ state: 'fits' });
    expect(await verify(dataSource())).toMatchObject({ verdict: 'proven' });
    expect(await readStatus(dataSource())).toMatchObject({ ok: true });
    expect(await migrate(dataSource())).toMatchObject({ ok: true, applied: [], findings: [] });
    expect(await rollback(dataSource(), { steps: 'all' })).toMatchObject({ ok: true });
  });

  it.each([
    ['a missing column', 'ALTER TABLE protection_flows DROP COLUMN description'],
    ['a column that an INSERT must name', 'ALTER TABLE protection_flows ADD COLUMN must int NOT NULL'],
    ['a column of another type', 'ALTER TABLE protection_flows MODIFY description int'],
  ])('returns differs for %s', async (_title, damage) => {
    await prepareSchema(dataSource());
    await database.session.query(damage);
    expect(await check()).toMatchObject({ ok: false, state: 'differs', remedy: 'protection-flows verify' });
  });

  it.each([
    ['an added column', 'ALTER TABLE protection_flows ADD COLUMN more int NULL'],
    ['a missing key, which verify reports', 'ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy'],
  ])('returns fits despite %s', async (_title, change) => {
    await prepareSchema(dataSource());
    await database.session.query(change);
    expect(await check()).toMatchObject({ ok: true });
  });

  it('needs only SELECT, and names the missing privilege otherwise', async () => {
    await prepareSchema(dataSource());
    const name = `c_${database.name.slice(-12)}`;
    const query = (sql: string): Promise<unknown> => database.session.query(sql);
    await query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'only for tests'`);
    const checkAs = async (): Promise<SchemaFit> => {
      const url = connectionUrl(
        { ...database.settings, username: name, password: 'only for tests' },
        database.name,
      );
      const own = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
      return checkSchema(own).finally(() => own.destroy());
    };
    try {
      for (const table of ['sendense_flow_migrations', 'protection_flows'])
        await query(`GRANT SELECT ON \`${database.name}\`.${table} TO '${name}'@'%'`);
      await expect(checkAs()).rejects.toMatchObject({ code: 'PRIVILEGE_MISSING' });
      await query(`GRANT SELECT ON \`${database.name}\`.* TO '${name}'@'%'`);
      expect(await checkAs()).toMatchObject({ ok: true, state: 'fits' });
    } finally {
      await query(`DROP USER '${name}'@'%'`);
    }
  });
});

describe('waitForSchema', () => {
  const server = usePrivateServer();
  const database = useDatabase({ server, per: 'each' });
  afterEach(async () => {
    if (!server.isRunning) await server.restart();
  });

  /** Starts a wait, and collects the steps that it reports. */
  function waiting(timeoutMs = 60_000, url = database.url) {
    const steps: string[] = [];
    const controller = new AbortController();
    const listeners: (() => void)[] = [];
    const result = waitForSchema(
      { env: { DATABASE_URL: url }, cwd: '/' },
      {
        timeoutMs,
        signal: controller.signal,
        onProgress: ({ step }) => {
          steps.push(step);
          for (const listener of listeners.splice(0)) listener();
        },
      },
    );
    result.catch(() => undefined);
    const told = (word: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (steps.some((step) => step.includes(word))) resolve();
          else listeners.push(look);
        };
        look();
      });
    return { result, told, steps, abort: () => controller.abort() };
  }

  const migrateIt = async (): Promise<void> => {
    const dataSource = await openDataSource(database);
    await migrate(dataSource).finally(() => dataSource.destroy());
  };

  it('waits for a server that starts meanwhile, then for its schema', async () => {
    await server.kill();
    const wait = waiting();
    await wait.told('waiting: ');
    await server.restart();
    await wait.told('the schema is not there');
    await migrateIt();
    expect(await wait.result).toMatchObject({ ok: true, state: 'fits', database: database.name });
    expect(new Set(wait.steps).size).toBe(wait.steps.length);
  });

  it('answers at once for a schema that fits or is ahead', async () => {
    await migrateIt();
    expect(await waiting().result).toMatchObject({ ok: true });
    await database.session.query(
      `INSERT INTO sendense_flow_migrations (timestamp, name) VALUES (1999999999999, '${future}')`,
    );
    expect(await waiting().result).toMatchObject({ ok: false, state: 'ahead' });
  });

  it('fails at once with a wrong password', async () => {
    const url = connectionUrl({ ...database.settings, password: 'wrong' }, database.name);
    const wait = waiting(60_000, url);
    await expect(wait.result).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(wait.steps).toEqual([]);
  });

  it('waits for a database that does not exist yet', async () => {
    const name = `${database.name}_later`.slice(-60);
    const wait = waiting(60_000, connectionUrl(database.settings, name));
    await wait.told('waiting: ');
    await database.session.query(`CREATE DATABASE \`${name}\``);
    await wait.told('the schema is not there');
    wait.abort();
    await expect(wait.result).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await database.session.query(`DROP DATABASE \`${name}\``);
  });

  it('reports on timeout a missing schema as a result, and a missing server as an error', async () => {
    expect(await waiting(3_000).result).toMatchObject({ ok: false, state: 'absent' });
    expect(await waiting(0).result).toMatchObject({ ok: false, state: 'absent' });
    await server.kill();
    await expect(waiting(3_000).result).rejects.toMatchObject({
      code: expect.stringMatching(/^CONNECTION_(REFUSED|LOST)$/) as string,
    });
  });

  it('ends in time when a server accepts a connection and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => silent.once('listening', resolve));
      const { port } = silent.address() as AddressInfo;
      const settings = { ...database.settings, port, database: database.name };
      await expect(waitWith(subject, settings, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'CONNECTION_TIMEOUT',
      });
    } finally {
      silent.close();
    }
  });

  it.each([{ timeoutMs: -1 }, { timeoutMs: 86_400_001 }, { timeout: 1 }, { onProgress: 1 }, { signal: 1 }])(
    'refuses wrong options: %j',
    async (options) => {
      await expect(waitForSchema({}, options as never)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      await expect(waitWith(subject, {} as never, options as never)).rejects.toMatchObject({
        code: 'VALIDATION_FAILED',
      });
    },
  );
});
