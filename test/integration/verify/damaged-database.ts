import { createConnection, type Connection } from 'mysql2/promise';
import { migrate, type ProtectionFlowsDataSource } from '../../../src/engine/migrate';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import type { Flavour } from '../../../src/engine/server/server';
import { seedPlatformRows } from '../../../src/testing';
import { verify, type CheckId, type Verdict, type VerifyReport } from '../../../src/engine/verify';
import { useDatabase, type TestDatabase, type UseDatabaseOptions } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

/** One way in which a live schema is wrong. */
export interface Damage {
  readonly name: string;
  readonly damage: readonly string[];
  /** The checks that are to fail; no other may. */
  readonly checks: readonly CheckId[];
  /** Default: `drifted`. */
  readonly verdict?: Verdict;
  /** What the summary of the first failing check has to name. */
  readonly names: string;
  /** Left out for both. */
  readonly only?: Flavour;
  /** Rows left once it is mended; default: 2 flows, 3 executions. */
  readonly rows?: { readonly flows?: number; readonly executions?: number };
}

/** The damages that a server can suffer. */
export const damagesOf = (all: readonly Damage[], flavour: Flavour): Damage[] =>
  all.filter(({ only }) => only === undefined || only === flavour);

/** A migrated database with rows, whose remedies can be executed as they are printed. */
export interface DamagedDatabase {
  readonly database: TestDatabase;
  readonly dataSource: () => ProtectionFlowsDataSource;
  /** Takes several statements at once, as the clients that people paste into do. */
  readonly client: () => Connection;
}

/** Inserts a backup flow with three executions, and a replication flow without any. */
export async function seedFlows(session: Queryable): Promise<void> {
  const ids = await seedPlatformRows(session);
  await session.query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, repository_id, policy_id, schedule_id, last_execution_status, updated_at)
     VALUES ('flow-1', 'Nightly', 'backup', 'vm', 'vm-1', ?, ?, ?, 'success', '2025-10-09 00:00:00')`,
    [ids.repositories[0], ids.policy, ids.schedules[0]],
  );
  await session.query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type)
     VALUES ('flow-2', 'Replica', 'replication', 'group', 'group-1', 'ossea')`,
  );
  for (const id of ['run-1', 'run-2', 'run-3']) {
    await session.query(
      `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, schedule_execution_id, execution_metadata)
       VALUES (?, 'flow-1', 'success', 'scheduled', ?, '{"size": 1}')`,
      [id, ids.scheduleExecutions[0]],
    );
  }
}

/** Registers hooks that make a fresh one for each test. */
export function useDamagedDatabase(options: UseDatabaseOptions = {}): DamagedDatabase {
  const database = useDatabase({ platform: 'mixed', per: 'each', ...options });
  const dataSource = useDataSource(database, { per: 'each' });
  let client: Connection | undefined;
  beforeEach(async () => {
    await seedFlows(database.session);
    const { username: user, ...where } = database.settings;
    client = await createConnection({ ...where, user, multipleStatements: true, charset: 'utf8mb4' });
  });
  afterEach(() => client?.end());
  return { database, dataSource, client: () => client! };
}

/** Executes the remedies of all failing checks, in the report's order, as they are printed. */
export async function executeRemedies(
  report: VerifyReport,
  { client, dataSource }: DamagedDatabase,
): Promise<void> {
  for (const { id, status, remedy } of report.checks) {
    if (status !== 'fail') continue;
    const text = remedy ?? '';
    if (text === 'protection-flows migrate') {
      expect((await migrate(dataSource())).ok).toBe(true);
      continue;
    }
    const lines = text.split('\n').filter((line) => !line.startsWith('-- '));
    if (lines.length === 0) {
      expect(text).toMatch(/^-- /);
      continue;
    }
    expect(lines.at(-1)).toMatch(/;$/);
    await client()
      .query(text)
      .catch((error: Error) => {
        throw new Error(`the remedy of ${id} fails: ${error.message}\n${text}`, { cause: error });
      });
  }
}

const failing = (report: VerifyReport): CheckId[] =>
  report.checks.filter(({ status }) => status === 'fail').map(({ id }) => id);

const shown = (report: VerifyReport): unknown[] =>
  report.checks
    .filter(({ status }) => status !== 'pass')
    .map(({ id, status, summary, remedy }) => ({ id, status, summary, remedy }));

async function rowsOf(session: Queryable): Promise<{ flows: number; executions: number }> {
  const [row] = await select<{ flows: number; executions: number }>(
    session,
    'SELECT (SELECT COUNT(*) FROM protection_flows) AS flows, (SELECT COUNT(*) FROM protection_flow_executions) AS executions',
  );
  return { flows: Number(row?.flows), executions: Number(row?.executions) };
}

/** Registers a test for each damage that the server at hand can suffer, each on a database of its own. */
export function testDamages(title: string, all: readonly Damage[]): void {
  describe(title, () => {
    const damaged = useDamagedDatabase();
    it.each(damagesOf(all, sharedServer().flavour))('$name', async (one) => {
      const { database, dataSource, client } = damaged;
      await client().query(one.damage.map((sql) => `${sql};`).join('\n'));
      const before = await verify(dataSource());
      expect({ found: failing(before), verdict: before.verdict, why: shown(before) }).toMatchObject({
        found: one.checks,
        verdict: one.verdict ?? 'drifted',
      });
      expect(before.ok).toBe(false);
      const [first] = one.checks;
      expect(before.checks.find(({ id }) => id === first)?.summary).toContain(one.names);
      await executeRemedies(before, damaged);
      const after = await verify(dataSource());
      expect({ verdict: after.verdict, why: shown(after) }).toMatchObject({ verdict: 'proven' });
      expect(await rowsOf(database.session)).toEqual({ flows: 2, executions: 3, ...one.rows });
    });
  });
}
