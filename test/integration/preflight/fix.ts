import { createConnection, type Connection } from 'mysql2/promise';
import { migrate, runPreflight, type Finding, type PreflightResult } from '../../../src/engine/migrate';
import { adopt } from '../../../src/engine/adopt';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import { catalogDump, madeAtOnce } from '../../support/catalog-dump';
import type { TestDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { prepareSchema } from '../../support/prepare-schema';

async function preflightAnew(database: TestDatabase): Promise<PreflightResult> {
  const dataSource = await openDataSource(database);
  return runPreflight(dataSource).finally(() => dataSource.destroy());
}

/** Opens a new connection, as a command would, and returns the preflight report of a migrate. */
export async function look(database: TestDatabase): Promise<PreflightResult> {
  const { findings, ...result } = await preflightAnew(database);
  return { ...result, findings: findings.filter(({ effect }) => effect !== 'noted') };
}

/** Opens a new connection and returns the findings that are only notes about the server. */
export async function noteOf(database: TestDatabase): Promise<{ ok: boolean; notes: readonly Finding[] }> {
  const { ok, findings } = await preflightAnew(database);
  return { ok, notes: findings.filter(({ effect }) => effect === 'noted') };
}

/** Connects anew and migrates. */
export async function migrateAnew(database: TestDatabase): ReturnType<typeof migrate> {
  const dataSource = await openDataSource(database);
  return migrate(dataSource).finally(() => dataSource.destroy());
}

/** Brings a database into the state after a migrate. */
export async function prepareAnew(database: TestDatabase): Promise<void> {
  const dataSource = await openDataSource(database);
  return prepareSchema(dataSource).finally(() => dataSource.destroy());
}

/** All that a migrate could change: the catalog, the history, and the number of rows in each table. */
export async function snapshot(session: Queryable): Promise<unknown> {
  const catalog = await catalogDump(session, madeAtOnce());
  const counts: Record<string, unknown> = {};
  const tables = await select<{ name: string }>(
    session,
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`,
  );
  for (const { name } of tables.filter(({ name }) => !madeAtOnce().test(name))) {
    counts[name] = /migrations/.test(name)
      ? await select(session, `SELECT * FROM \`${name}\` ORDER BY id`)
      : await select(session, `SELECT COUNT(*) AS n FROM \`${name}\``);
  }
  return { catalog, counts };
}

async function repair(database: TestDatabase): Promise<void> {
  const dataSource = await openDataSource(database);
  const result = await adopt(dataSource, { repair: true }).finally(() => dataSource.destroy());
  expect(result).toMatchObject({ ok: true, decisions: [] });
}

/** Executes remedies as printed, in the order of the report, as the administrator of the database. */
export async function paste(
  database: TestDatabase,
  findings: readonly Pick<Finding, 'remedy'>[],
): Promise<void> {
  const { username: user, ...where } = database.settings;
  const connection: Connection = await createConnection({ ...where, user, multipleStatements: true });
  try {
    for (const { remedy } of findings) {
      if (remedy.endsWith(': protection-flows adopt --repair')) await repair(database);
      if (remedy.split('\n').every((line) => line.startsWith('-- '))) continue;
      await connection.query(remedy);
    }
  } finally {
    await connection.end();
  }
}

/** What every finding is made of, whatever its code. */
export const wellFormed: unknown = {
  code: expect.stringMatching(/^[A-Z_]+$/),
  effect: expect.stringMatching(/^(blocking|key-refused|deferred|mended)$/),
  message: expect.stringMatching(/\S/),
  remedy: expect.stringMatching(/^(-- .*\n)*(-- .*|[^]*;)$/),
  details: expect.any(Object),
};
