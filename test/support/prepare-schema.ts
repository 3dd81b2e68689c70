import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quoteName, select, type Queryable } from '../../src/engine/server/queryable';
import { migrate } from '../../src/engine/migrate';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { readCreation } from './read-creation';

const variable = 'PROTECTION_FLOWS_PREPARED_SCHEMAS';

/** Makes the folder in which the test files of a jest run share the results of a migrate. */
export function openPreparedSchemas(): void {
  process.env[variable] = mkdtempSync(join(tmpdir(), 'pflows-prepared-'));
}

/** Removes the folder. */
export function closePreparedSchemas(): void {
  const folder = process.env[variable];
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

/** A table that a migrate made, with its rows. */
interface Made {
  readonly name: string;
  readonly sql: string;
  readonly rows: readonly Record<string, unknown>[];
}

/**
 * Returns the file for the result of a migrate from these tables on this server. Null if a table of this package is among them:
 * the result then depends on rows too.
 */
async function fileFor(session: Queryable, before: ReadonlyMap<string, string>): Promise<string | null> {
  const folder = process.env[variable];
  if (folder === undefined) return null;
  if ([...before.keys()].some((name) => /^(protection_flow|sendense_flow)/.test(name))) return null;
  const server = await select(session, 'SELECT @@port, @@datadir, @@collation_database');
  const start = JSON.stringify([server, ...before]);
  return join(folder, createHash('sha256').update(start).digest('hex'));
}

/** Writes the file in one step, because another worker may read it at any time. */
function keep(file: string, made: readonly Made[]): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(made));
  renameSync(unfinished, file);
}

const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const revive = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && isInstant.test(value) ? new Date(value) : value;

async function makeAgain(session: Queryable, made: readonly Made[]): Promise<void> {
  // A table may come before the table that its key refers to
  await session.query('SET SESSION foreign_key_checks = 0');
  for (const { name, sql, rows } of made) {
    await session.query(sql);
    for (const row of rows) {
      const assignments = Object.keys(row).map((column) => `${quoteName(column)} = ?`);
      await session.query(`INSERT INTO ${quoteName(name)} SET ${assignments.join(', ')}`, Object.values(row));
    }
  }
  await session.query('SET SESSION foreign_key_checks = 1');
}

/**
 * Gives a database the schema after a migrate, for tests that begin there. The first database with the same starting tables is
 * migrated; the others get copies of its result, in a fifth of the time.
 */
export async function prepareSchema(dataSource: ProtectionFlowsDataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    const { database } = dataSource;
    const before = await readCreation(runner, database);
    const file = await fileFor(runner, before);
    if (file !== null && existsSync(file))
      return await makeAgain(runner, JSON.parse(readFileSync(file, 'utf8'), revive) as Made[]);
    await migrate(dataSource);
    if (file === null) return;
    const made: Made[] = [];
    for (const [name, sql] of await readCreation(runner, database))
      if (!before.has(name))
        made.push({ name, sql, rows: await select(runner, `SELECT * FROM ${quoteName(name)}`) });
    keep(file, made);
  } finally {
    await runner.release();
  }
}
