import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { migrate } from '../../src/engine/migrate';
import { select } from '../../src/engine/server/queryable';
import type { OrphanChoice } from '../../src/engine/orphans/context';
import { createRepository } from '../../src/testing';
import { useDatabase, type TestDatabase } from '../support/database';
import { openDataSource, useDataSource } from '../support/data-source';

const rounds = Number(process.env.KEY_RACE_ROUNDS ?? 200);
/** The number of databases on which rounds run at the same time. */
const lanes = 4;
const seed = Number(process.env.KEY_RACE_SEED ?? Date.now() % 1_000_000);

/** Returns a source of numbers in [0, 1), the same for the same seed (mulberry32). */
function randomNumbers(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const keys = [
  {
    name: 'fk_executions_flow',
    child: 'protection_flow_executions',
    column: 'flow_id',
    parent: 'protection_flows',
  },
  { name: 'fk_flows_policy', child: 'protection_flows', column: 'policy_id', parent: 'backup_policies' },
] as const;

/** Errors that a writer expects: refused by a key, a lock wait, a deadlock, or a duplicate. */
const expected = [1205, 1213, 1451, 1452, 1062];

/** How often the server undid a DELETE without an error, wholly or in part (docs/mysql-cascades.md). */
let undoneInSilence = 0;

/** The committed writes of a writer that must exist afterwards. */
interface Ledger {
  readonly executions: Map<string, string>;
  readonly flowsDeleted: Set<string>;
  /** All writes in order, to explain a row that is missing in the end. */
  readonly log: string[];
}

/**
 * Guards, in many random rounds, that no key has orphans and no row is lost after a migrate, whatever writers do while it adds the
 * key. They insert children without a parent and delete parents, in transactions that stay open for a while or are rolled back.
 * In some rounds the migrate is killed at a random moment.
 */
describe(`${rounds} rounds of adding keys while other sessions make orphans (seed ${seed})`, () => {
  const tested = Array.from({ length: lanes }, () => {
    const database = useDatabase({ platform: 'general_ci' });
    return { database, dataSource: useDataSource(database) };
  });
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const flowId = (): string => `flow-${below(6)}`;
  const policyId = (): string => `policy-${below(4)}`;

  /** Runs one transaction of a writer, with one to three statements, and records its writes after the commit. */
  async function write(connection: Connection, ledger: Ledger): Promise<void> {
    const done: (() => void)[] = [];
    const execute = async (sql: string, values: string[] = []): Promise<number> => {
      const said = `writer ${connection.threadId}: ${sql} ${values.join(' ')}`;
      ledger.log.push(`${said} …`);
      const [{ affectedRows }] = await connection
        .query<ResultSetHeader>(sql, values)
        .catch((error: Error) => {
          ledger.log.push(`${said}: ${error.message}`);
          throw error;
        });
      ledger.log.push(`${said}: ${affectedRows} rows`);
      return affectedRows;
    };
    /** Deletes a row. Throws the error that the server should have reported, if it found no row although the row exists. */
    const remove = async (table: string, id: string): Promise<void> => {
      if ((await execute(`DELETE FROM ${table} WHERE id = ?`, [id])) > 0) return;
      const [rows] = await connection.query<RowDataPacket[]>(
        `SELECT id FROM ${table} WHERE id = ? LOCK IN SHARE MODE`,
        [id],
      );
      if (rows.length === 0) return;
      undoneInSilence += 1;
      throw Object.assign(new Error(`the row of ${table} is there`), { errno: 1213 });
    };
    await execute('START TRANSACTION');
    for (let statements = 1 + below(2); statements > 0; statements -= 1) {
      const flow = flowId();
      switch (below(5)) {
        case 0:
        case 1: {
          const id = `e-${below(1e9)}`;
          await execute(
            'INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES (?, ?, ?)',
            [id, flow, 'api'],
          );
          done.push(() => ledger.executions.set(id, flow));
          break;
        }
        case 2:
          await remove('protection_flows', flow);
          done.push(() => ledger.flowsDeleted.add(flow));
          break;
        case 3:
          await execute('UPDATE protection_flows SET policy_id = ? WHERE id = ?', [policyId(), flow]);
          break;
        default:
          await remove('backup_policies', policyId());
      }
      // Sometimes for longer than it takes to add a key and check the rows
      await delay([below(8), 40 + below(40)][below(14)] ?? 0);
    }
    const commits = below(5) > 0;
    await execute(commits ? 'COMMIT' : 'ROLLBACK');
    if (commits) for (const enter of done) enter();
  }

  async function writeUntil(stopped: () => boolean, connection: Connection, ledger: Ledger): Promise<void> {
    while (!stopped()) {
      try {
        await write(connection, ledger);
      } catch (error) {
        if (!expected.includes((error as { errno: number }).errno)) throw error;
        // In a cluster the transaction may be aborted already: this statement then fails with 1213
        await connection.query('ROLLBACK').catch(() => connection.query('ROLLBACK'));
      }
    }
  }

  /** Removes the keys and the orphans of both tables. */
  async function prepare(database: TestDatabase): Promise<void> {
    const { session } = database;
    for (const { child, column } of keys) {
      const found = await select<{ name: string }>(
        session,
        `SELECT CONSTRAINT_NAME AS name FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE()
            AND TABLE_NAME = ? AND COLUMN_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL`,
        [child, column],
      );
      for (const { name } of found) await session.query(`ALTER TABLE ${child} DROP FOREIGN KEY ${name}`);
    }
    await session.query('DELETE FROM protection_flow_executions');
    await session.query('DELETE FROM protection_flows');
    await session.query('DELETE FROM backup_policies');
    await session.query(
      `INSERT INTO backup_policies (id, name, primary_repository_id) VALUES ${[0, 1, 2, 3].map((n) => `('policy-${n}', 'p${n}', 'r')`).join(', ')}`,
    );
    await session.query(
      `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, policy_id)
        VALUES ${[0, 1, 2, 3, 4, 5].map((n) => `('flow-${n}', 'f${n}', 'replication', 'vm', 'v', 'ossea', 'policy-${n % 4}')`).join(', ')}`,
    );
  }

  /** Runs a migrate, and kills its connection after a while, unless it has ended. */
  async function killedMigrate(database: TestDatabase, orphans: OrphanChoice): Promise<boolean> {
    const dying = await openDataSource(database);
    const ids: number[] = [];
    const createQueryRunner = dying.createQueryRunner.bind(dying);
    dying.createQueryRunner = (mode) => {
      const runner = createQueryRunner(mode);
      void runner.query('SELECT CONNECTION_ID() AS id').then(
        ([row]: { id: number }[]) => ids.push(Number(row?.id)),
        () => undefined,
      );
      return runner;
    };
    const killer = delay(below(60)).then(async () => {
      for (const id of ids) await database.session.query(`KILL ${id}`).catch(() => undefined);
    });
    const died = await migrate(dying, { orphans }).then(
      () => false,
      () => true,
    );
    await killer;
    await dying.destroy();
    return died;
  }

  async function check(database: TestDatabase, ledger: Ledger): Promise<void> {
    for (const { child, column, parent, name } of keys) {
      const standing = await select<{ name: string }>(
        database.session,
        `SELECT CONSTRAINT_NAME AS name FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE()
            AND TABLE_NAME = ? AND COLUMN_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL`,
        [child, column],
      );
      const orphans = await select(
        database.session,
        `SELECT c.id FROM ${child} c LEFT JOIN ${parent} p ON p.id = c.${column} WHERE c.${column} IS NOT NULL AND p.id IS NULL`,
      );
      expect(standing.every((one) => one.name === name)).toBe(true);
      if (standing.length > 0) expect([name, orphans]).toEqual([name, []]);
    }
    const [there, aside] = [
      await select<{ id: string }>(database.session, 'SELECT id FROM protection_flow_executions'),
      await database.session.query('SELECT id FROM sendense_flow_orphans_protection_flow_executions').then(
        (rows) => rows as { id: string }[],
        () => [],
      ),
    ];
    const known = new Set([...there, ...aside].map(({ id }) => id));
    const lost = [...ledger.executions].filter(
      ([id, flow]) => !known.has(id) && !ledger.flowsDeleted.has(flow),
    );
    expect(lost).toEqual([]);
  }

  const seen = { added: 0, refused: 0, 'taken off': 0, killed: 0 };
  let begun = 0;

  /** Runs rounds on one database until all are done. */
  async function runLane({ database, dataSource }: (typeof tested)[number]): Promise<void> {
    await createRepository(database.session, { id: 'r' });
    const writers = await Promise.all([0, 1, 2].map(() => database.connect()));
    for (const writer of writers) await writer.query('SET SESSION innodb_lock_wait_timeout = 1');
    while (begun < rounds) {
      begun += 1;
      const round = begun;
      await prepare(database);
      const ledger: Ledger = { executions: new Map(), flowsDeleted: new Set(), log: [] };
      let stopped = false;
      const orphans = (['report', 'report', 'null', 'quarantine'] as const)[below(4)] ?? 'report';
      const steps: string[] = [];
      // Writers begin at the start, or at a moment after the check of the rows
      let go = (): void => undefined;
      const going = new Promise<void>((resolve) => (go = resolve));
      const startsAtStep = below(2) * (2 + below(5));
      const working = Promise.all(
        writers.map((writer) => going.then(() => writeUntil(() => stopped, writer, ledger))),
      );
      if (startsAtStep === 0) void delay(below(25)).then(go);
      if (below(4) === 0 && (await killedMigrate(database, orphans))) seen.killed += 1;
      const result = await migrate(dataSource(), {
        orphans,
        onProgress: ({ step }) => {
          ledger.log.push(`migrate: ${step}`);
          if (steps.push(step) === startsAtStep) go();
        },
      });
      stopped = true;
      go();
      await working;
      for (const { name } of keys) {
        const status = result.keys.find((one) => one.name === name)?.status;
        if (status === 'added') seen.added += 1;
        if (status === 'refused')
          seen[steps.includes(`add foreign key ${name}`) ? 'taken off' : 'refused'] += 1;
      }
      await check(database, ledger).catch((error: unknown) => {
        const facts = `round ${round}, orphans ${orphans}, ${JSON.stringify(result.keys)}`;
        throw new Error([facts, ...ledger.log].join('\n'), { cause: error });
      });
    }
  }

  it('leave no key over an orphan, and lose no row', async () => {
    const ended = await Promise.allSettled(
      tested.map((lane) =>
        runLane(lane).catch((error: unknown) => {
          begun = rounds;
          throw error;
        }),
      ),
    );
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    console.log(JSON.stringify({ rounds, seed, ...seen, undoneInSilence }));
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
  }, 1_200_000);
});
