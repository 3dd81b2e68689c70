import { isDeepStrictEqual } from 'node:util';
import { createConnection, type Connection } from 'mysql2/promise';
import { adopt } from '../../../src/engine/adopt';
import { keepPlan, migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { describeDifference } from '../../../src/engine/schema/compare';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import type { Flavour } from '../../../src/engine/server/server';
import { RetentionRepository } from '../../../src/repositories';
import { createPlatformTables, seedPlatformRows } from '../../../src/testing';
import { verify, type CheckId, type Verdict, type VerifyReport } from '../../../src/engine/verify';
import { useDatabase, type TestDatabase, type UseDatabaseOptions } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

/** One kind of damage to a live schema. */
export interface Damage {
  readonly name: string;
  readonly damage: readonly string[];
  /** The checks that must fail; no other may. */
  readonly checks: readonly CheckId[];
  /** Default: `drifted`. */
  readonly verdict?: Verdict;
  /** Part of the summary of the first failing check. */
  readonly names: string;
  /** Default: both. */
  readonly only?: Flavour;
  /** Rows left after the repair; default: 2 flows, 3 executions. */
  readonly rows?: { readonly flows?: number; readonly executions?: number };
}

/** The damages that a server can suffer. */
export const damagesOf = (all: readonly Damage[], flavour: Flavour): Damage[] =>
  all.filter(({ only }) => only === undefined || only === flavour);

/** A migrated database with rows, whose remedies can be executed as they are printed. */
export interface DamagedDatabase {
  readonly database: TestDatabase;
  readonly dataSource: () => ProtectionFlowsDataSource;
  /** Accepts several statements at once, as the clients do into which people paste. */
  readonly client: () => Connection;
}

/** Inserts a backup flow with three executions, and a replication flow without any. */
export async function seedFlows(session: Queryable): Promise<void> {
  const ids = await seedPlatformRows(session);
  await session.query(
    `INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, repository_id, policy_id, schedule_id, last_execution_id, last_execution_status, updated_at)
     VALUES ('flow-1', 'Nightly', 'backup', 'vm', 'vm-1', ?, ?, ?, 'run-3', 'success', '2025-10-09 00:00:00')`,
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

const history = 'sendense_flow_migrations';

/** The definitions of all tables and views, with keys sorted because their order depends on earlier changes; and the history. */
async function definitions(session: Queryable): Promise<unknown> {
  const tables = await select<Record<string, string>>(session, 'SHOW FULL TABLES');
  const defined = [];
  for (const [name, type] of tables.map((row) => Object.values(row))) {
    const [row] = await select<Record<string, string>>(session, `SHOW CREATE TABLE \`${name}\``);
    const text = String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
    const [lines, ordered] = [false, true].map((isOrdered) =>
      text.split(/,?\n/).filter((line) => /^ +(UNIQUE |FULLTEXT )?(KEY|CONSTRAINT)/.test(line) === isOrdered),
    );
    defined.push({ name, type, lines, ordered: ordered?.sort() });
  }
  const triggers = await select<{ Trigger: string }>(session, 'SHOW TRIGGERS');
  return {
    defined,
    triggers: triggers.map(({ Trigger }) => Trigger),
    history: await select(session, `SELECT timestamp, name, reverting FROM ${history} ORDER BY id`),
  };
}

async function withoutKeys(session: Queryable, statements: readonly string[]): Promise<void> {
  for (const sql of ['SET foreign_key_checks = 0', ...statements, 'SET foreign_key_checks = 1'])
    await session.query(sql);
}

/** Empties a database after its repair; recreates its tables when their definitions are not as before the damage. */
async function renew(
  session: Queryable,
  whole: unknown,
  dataSource: ProtectionFlowsDataSource,
): Promise<void> {
  const rows = await select<Record<string, string>>(session, 'SHOW FULL TABLES');
  const tables = rows.map((row) => Object.values(row));
  const isWhole = await definitions(session).then(
    (found) => isDeepStrictEqual(found, whole),
    () => false,
  );
  if (isWhole) {
    const own = tables.filter(([name]) => name !== history);
    return withoutKeys(
      session,
      own.map(([name]) => `DELETE FROM \`${name}\``),
    );
  }
  await withoutKeys(
    session,
    tables.map(([name, type]) => `DROP ${type === 'VIEW' ? 'VIEW' : 'TABLE'} \`${name}\``),
  );
  await createPlatformTables(session, 'mixed');
  await migrate(dataSource);
}

function openClient(database: TestDatabase): Promise<Connection> {
  const { username: user, ...where } = database.settings;
  return createConnection({ ...where, user, multipleStatements: true, charset: 'utf8mb4' });
}

/** Registers hooks that make a new {@link DamagedDatabase} for each test. */
export function useDamagedDatabase(options: UseDatabaseOptions = {}): DamagedDatabase {
  const database = useDatabase({ platform: 'mixed', per: 'each', ...options });
  const dataSource = useDataSource(database, { per: 'each' });
  let client: Connection | undefined;
  beforeEach(async () => {
    await seedFlows(database.session);
    client = await openClient(database);
  });
  afterEach(() => client?.end());
  return { database, dataSource, client: () => client! };
}

/** Executes the remedies of all failing checks, in the report's order, as they are printed. */
export async function executeRemedies(
  report: VerifyReport,
  { client, dataSource }: Pick<DamagedDatabase, 'client' | 'dataSource'>,
): Promise<void> {
  const failed = report.checks.filter(({ status }) => status === 'fail');
  // adopt comes last: it records only what is as declared
  const isAdopt = ({ remedy }: (typeof failed)[number]): boolean => remedy === 'protection-flows adopt';
  for (const check of [...failed.filter((one) => !isAdopt(one)), ...failed.filter(isAdopt)]) {
    const { id, remedy } = check;
    const text = remedy ?? '';
    if (isAdopt(check)) {
      const asked = await adopt(dataSource());
      if (asked.questions.some(({ status }) => status === 'unanswered'))
        await adopt(dataSource(), { answers: { schedules: 'off' } });
      continue;
    }
    if (text === 'protection-flows migrate') {
      expect((await migrate(dataSource())).ok).toBe(true);
      continue;
    }
    if (text === 'protection-flows recount') {
      expect((await new RetentionRepository(dataSource().manager).recount()).recounted).not.toEqual([]);
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

/** Returns the differences that adopt reports, and the keys in its findings. */
async function toldByAdopt(dataSource: ProtectionFlowsDataSource): Promise<string[]> {
  const { repairs, decisions, findings } = await adopt(dataSource);
  return [
    ...[...repairs, ...decisions].flatMap(({ differences }) => differences.map(describeDifference)),
    ...findings.flatMap(({ key }) => key ?? []),
  ];
}

/** The plan after it was stored in a file as JSON. */
const throughFile = <T>(plan: T): T => JSON.parse(JSON.stringify(plan)) as T;

/**
 * Registers a test for each damage that is possible on the current server. After the damage, an earlier plan is refused,
 * verify names the damage, adopt reports each difference, and the printed remedies, pasted, repair it. Each test begins
 * with the same tables and rows.
 */
export function testDamages(title: string, all: readonly Damage[]): void {
  describe(title, () => {
    const database = useDatabase({ platform: 'mixed' });
    const dataSource = useDataSource(database);
    let client: Connection | undefined;
    let whole: unknown;
    beforeAll(async () => {
      whole = await definitions(database.session);
    });
    beforeEach(async () => {
      await renew(database.session, whole, dataSource());
      await seedFlows(database.session);
      client = await openClient(database);
    });
    afterEach(() => client?.end());
    it.each(damagesOf(all, sharedServer().flavour))('$name', async (one) => {
      const plan = throughFile(await keepPlan(dataSource()));
      await client!.query(one.damage.map((sql) => `${sql};`).join('\n'));
      const before = await verify(dataSource());
      expect({ found: failing(before), verdict: before.verdict, why: shown(before) }).toMatchObject({
        found: one.checks,
        verdict: one.verdict ?? 'drifted',
      });
      expect(before.ok).toBe(false);
      await expect(migrate(dataSource(), { plan })).rejects.toMatchObject({ code: 'PLAN_MOVED' });
      const [first] = one.checks;
      expect(before.checks.find(({ id }) => id === first)?.summary).toContain(one.names);
      const differences = before.checks.flatMap((check) => check.differences ?? []);
      const isKnown = !['recorded-but-absent', 'never-ran'].includes(before.verdict);
      const told = differences.length > 0 && isKnown ? await toldByAdopt(dataSource()) : [];
      const untold = differences.filter(
        (difference) => !told.includes(describeDifference(difference)) && !told.includes(difference.name),
      );
      if (isKnown) expect(untold).toEqual([]);
      const damaged = { dataSource, client: () => client! };
      await executeRemedies(before, damaged);
      let after = await verify(dataSource());
      if (one.rows !== undefined) {
        // The counters still include the lost rows, so verify asks for a recount
        await executeRemedies(after, damaged);
        after = await verify(dataSource());
      }
      expect({ verdict: after.verdict, why: shown(after) }).toMatchObject({ verdict: 'proven' });
      expect(await rowsOf(database.session)).toEqual({ flows: 2, executions: 3, ...one.rows });
    });
  });
}
