import { addressOf } from '../../../src/typeorm/probe-server';
import type { Connection } from 'mysql2/promise';
import type { MysqlOptions } from '../../../src/typeorm/guarded-data-source';
import {
  executeStatement,
  type StatementOptions,
  defaultSlices,
} from '../../../src/engine/waiting/execute-statement';
import { openConnection, type OwnConnection } from '../../../src/engine/server/open-connection';
import { answerLimitMs, Watchdog } from '../../../src/engine/waiting/watchdog';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { waitFor } from '../../support/wait-for';

/**
 * Guards who ends a statement's waiting, and when. The server's own timeout is a year here, so only the watchdog can end
 * the waiting.
 */
describe('a statement that waits for a table', () => {
  const database = useDatabase({ per: 'each' });
  const dataSource = useDataSource(database, { per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);

  /** A connection whose open transaction has read the table. */
  async function holding(table = 'protection_flows'): Promise<Connection> {
    const holder = await database.connect();
    await holder.query('START TRANSACTION');
    await holder.query(`SELECT COUNT(*) FROM ${table}`);
    return holder;
  }

  const alter = 'ALTER TABLE protection_flows ADD COLUMN note int NULL';
  const alterBack = 'ALTER TABLE protection_flows DROP COLUMN note';
  const open = (): OwnConnection =>
    openConnection(addressOf(dataSource().options as MysqlOptions), { answerLimitMs });
  const endless = { ...defaultSlices, firstMs: 60_000, longestMs: 60_000 };
  const tiny = { firstMs: 1, longestMs: 1, afterWorkMs: 0, watchAfterMs: 0 };
  let session: Queryable & { release(): Promise<void> };

  beforeEach(async () => {
    session = dataSource().createQueryRunner('master');
    await session.query('SET SESSION lock_wait_timeout = 31536000');
  });
  afterEach(() => session.release());

  function execute(options: StatementOptions = {}, connect = open) {
    const run = { isOver: false, waits: 0, holder: '' };
    const watchdog = new Watchdog(session, connect);
    const result = executeStatement(session, alter, {
      watchdog,
      onWait: (holder) => Object.assign(run, { holder, waits: run.waits + 1 }),
      ...options,
    }).finally(() => {
      run.isOver = true;
      watchdog.close();
    });
    result.catch(() => undefined);
    return Object.assign(run, { result });
  }
  /** Opens the second connection, and counts its looks and kills. */
  function counting(): {
    connect: () => OwnConnection;
    looks: number;
    kills: number;
    killedAt: number;
  } {
    const counts = { looks: 0, kills: 0, killedAt: Infinity };
    const connect = (): OwnConnection => {
      const connection = open();
      return {
        ...connection,
        query(sql, parameters) {
          if (sql.includes('PROCESSLIST WHERE ID')) counts.looks += 1;
          if (sql.startsWith('KILL'))
            Object.assign(counts, { kills: counts.kills + 1, killedAt: performance.now() });
          return connection.query(sql, parameters);
        },
      };
    };
    return Object.assign(counts, { connect });
  }
  const sessionId = async (): Promise<number> =>
    Number((await select<{ id: number }>(session, 'SELECT CONNECTION_ID() AS id'))[0]?.id);
  const isWaiting = async (id: number): Promise<boolean> =>
    (
      await select(
        database.session,
        "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE LIKE 'Waiting for%'",
        [id],
      )
    ).length > 0;

  it('lets the application write while it waits', async () => {
    const holder = await holding();
    const writer = await database.connect();
    const counted = counting();
    const run = execute({}, counted.connect);
    while (counted.kills < 4) {
      await writer.query(
        `INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type)
         VALUES (UUID(), 'replication', 'vm', 'vm', 'ossea')`,
      );
    }
    expect(run.isOver).toBe(false);
    const [rows] = await holder.query('SELECT COUNT(*) AS written FROM protection_flows');
    expect(rows).toEqual([{ written: 0 }]);
    await holder.query('COMMIT');
    await run.result;
  });

  it('is not ended while it works, however short the attempts', async () => {
    const watchdog = new Watchdog(session, open);
    await executeStatement(session, 'DO SLEEP(0.3)', { watchdog, slices: tiny, tableWaitMs: 0 });
    watchdog.close();
  });

  it('gets more time at its end when it has already worked long', async () => {
    await query('CREATE TABLE large (id int AUTO_INCREMENT PRIMARY KEY, a varchar(64)) ENGINE=InnoDB');
    await query('INSERT INTO large (a) VALUES (UUID())');
    for (let doubling = 0; doubling < 19; doubling += 1)
      await query('INSERT INTO large (a) SELECT UUID() FROM large');
    const id = await sessionId();
    const counted = counting();
    const watchdog = new Watchdog(session, counted.connect);
    const sql = 'ALTER TABLE large ADD INDEX by_a (a), ALGORITHM=INPLACE, LOCK=NONE';
    const startedAt = performance.now();
    const result = executeStatement(session, sql, { watchdog, slices: { ...tiny, afterWorkMs: 60_000 } });
    await waitFor(
      async () =>
        (
          await select(
            database.session,
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE = 'altering table'",
            [id],
          )
        ).length > 0,
    );
    // The watchdog knows of the work only once it looked while the statement worked
    const early = counted.looks;
    await waitFor(() => counted.looks > early + 1);
    const holder = await holding('large');
    await waitFor(() => isWaiting(id));
    const waitingSince = performance.now();
    const before = counted.looks;
    await waitFor(() => counted.looks > before + 1 || counted.kills > 0);
    await holder.query('COMMIT');
    await result;
    // It may wait as long as it has worked. If this machine paused meanwhile, the end came later
    expect(counted.killedAt - waitingSince).toBeGreaterThan((waitingSince - startedAt) / 2);
    watchdog.close();
  });

  it('continues when its second connection is killed, and opens another one later', async () => {
    await session.query('SET SESSION lock_wait_timeout = 1');
    const holder = await holding();
    const opened: OwnConnection[] = [];
    const run = execute({ slices: endless }, () => {
      opened.push(open());
      return opened.at(-1)!;
    });
    const first = await waitFor(() => opened[0]);
    const [row] = await select<{ id: number }>(first, 'SELECT CONNECTION_ID() AS id');
    await query(`KILL ${row?.id}`);
    await waitFor(() => run.waits > 0);
    await waitFor(() => opened.length > 1);
    await holder.query('COMMIT');
    await run.result;
  });

  it('relies on the timeout of the server when it gets no second connection', async () => {
    await session.query('SET SESSION lock_wait_timeout = 1');
    const holder = await holding();
    const run = execute({}, () => {
      const options = dataSource().options as MysqlOptions;
      return openConnection(addressOf({ ...options, username: 'nobody' } as MysqlOptions), { answerLimitMs });
    });
    await waitFor(() => run.waits > 0);
    expect(run.holder).toContain(`connection ${holder.threadId} (root@`);
    await holder.query('COMMIT');
    await run.result;
  });

  const isInterrupted = async (sql: string): Promise<boolean> =>
    Number((await select<{ interrupted: unknown }>(session, sql))[0]?.interrupted) !== 0;
  const sleep = 'SELECT SLEEP(0.2) AS interrupted';

  it('is not affected by a KILL QUERY that arrives after its end', async () => {
    const holder = await holding();
    const id = await sessionId();
    let over = false;
    const noting: Queryable = {
      query: (sql, parameters) =>
        session.query(sql, parameters).finally(() => {
          if (sql === alter) over = true;
        }),
    };
    const sleeps = () =>
      select(database.session, 'SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND INFO = ?', [
        id,
        sleep,
      ]);
    let kills = 0;
    const late = (): OwnConnection => {
      const connection = open();
      return {
        ...connection,
        async query(sql, parameters) {
          if (sql.startsWith('KILL')) {
            await holder.query('COMMIT');
            await waitFor(() => over);
            // A session that did not wait for this one would be in its next statement by then
            await waitFor(async () => (await sleeps()).length > 0, { timeoutMs: 300 }).catch(() => undefined);
            kills += 1;
          }
          return connection.query(sql, parameters);
        },
      };
    };
    const watchdog = new Watchdog(noting, late);
    await executeStatement(noting, alter, { watchdog, slices: tiny });
    expect(await isInterrupted(sleep)).toBe(false);
    expect(kills).toBe(1);
    watchdog.close();
  });

  it('lets the next statement run undisturbed, however many attempts were ended', async () => {
    const watchdog = new Watchdog(session, open);
    const holder = await database.connect();
    let waits = 0;
    for (let round = 0; round < 30; round += 1) {
      await holder.query('START TRANSACTION');
      await holder.query('SELECT COUNT(*) FROM protection_flows');
      const done = executeStatement(session, round % 2 === 0 ? alter : alterBack, {
        watchdog,
        slices: tiny,
        onWait: () => {
          waits += 1;
          void holder.query('COMMIT');
        },
      });
      await done;
      expect(await isInterrupted('SELECT SLEEP(0.005) AS interrupted')).toBe(false);
    }
    expect(waits).toBe(30);
    watchdog.close();
  });

  it('reports a KILL QUERY by somebody else as such', async () => {
    await holding();
    const id = await sessionId();
    const run = execute({ slices: endless });
    await waitFor(() => isWaiting(id));
    await query(`KILL QUERY ${id}`);
    await expect(run.result).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message: expect.stringContaining('KILL QUERY'),
    });
  });

  it('ends its attempt at once when told to stop', async () => {
    await holding();
    const id = await sessionId();
    const controller = new AbortController();
    const run = execute({ slices: endless, signal: controller.signal });
    await waitFor(() => isWaiting(id));
    controller.abort();
    await expect(run.result).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('is not retried when told to stop between attempts', async () => {
    await holding();
    let attempts = 0;
    const counted: Queryable = {
      query(sql, parameters) {
        if (sql === alter) attempts += 1;
        return session.query(sql, parameters);
      },
    };
    const controller = new AbortController();
    const watchdog = new Watchdog(counted, open);
    const options = { watchdog, signal: controller.signal, onWait: () => controller.abort() };
    await expect(executeStatement(counted, alter, options)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(attempts).toBe(1);
    watchdog.close();
  });

  it('fails when its connection is killed', async () => {
    await holding();
    const id = await sessionId();
    const run = execute({ slices: endless });
    await waitFor(() => isWaiting(id));
    await query(`KILL ${id}`);
    await expect(run.result).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
