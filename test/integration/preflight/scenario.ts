import type { ErrorCode } from '../../../src/errors';
import type { FindingEffect } from '../../../src/engine/preflight';
import { createPlatformTables, platformTableNames } from '../../../src/testing';
import type { TestDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { look, migrateAnew, prepareAnew, paste, snapshot, wellFormed } from './fix';

export const { flavour } = (() => {
  try {
    return sharedServer();
  } catch {
    return { flavour: 'mariadb' as const };
  }
})();
/** The expected message on the current server. */
export const answer = (mariadb: RegExp, mysql: RegExp) => (flavour === 'mariadb' ? mariadb : mysql);

type PlatformTable = (typeof platformTableNames)[number];

/** The platform's tables but for one, and for backup_jobs, which refers to some of them. */
export const without = (name: string): PlatformTable[] =>
  platformTableNames.filter((one) => one !== name && one !== 'backup_jobs');

const inno = 'ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci';
export { inno };
export const policies = (definition: string, rest = inno): string =>
  `CREATE TABLE backup_policies (${definition}) ${rest}`;
/** Inserts a flow whose column refers to a missing row. */
export const flow = (name: string, column: string): string =>
  `INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type, ${column})
   VALUES ('${name}', 'replication', 'vm', 'vm-1', 'ossea', 'gone')`;
export const drop = (key: string, table = 'protection_flows'): string =>
  `ALTER TABLE ${table} DROP FOREIGN KEY ${key}`;

/** An obstacle to a migrate, on a new database. */
export interface Scenario {
  /** True: a migrate runs before the damage. */
  readonly migrated?: boolean;
  /** Statements, executed in order. The omitted platform table is missing unless a statement makes it. */
  readonly damage: readonly string[];
  readonly code: ErrorCode;
  readonly effect: FindingEffect;
  /** What the message must say. */
  readonly says: RegExp;
  /** Further expectations at the end. */
  readonly after?: () => Promise<void>;
}

/** Causes the finding, checks that nothing changed, pastes the remedies of the whole report, and migrates. */
export async function expectSeenAndMended(
  database: TestDatabase,
  tables: readonly PlatformTable[],
  scenario: Scenario,
): Promise<void> {
  const query = (sql: string) => database.session.query(sql);
  await createPlatformTables(database.session, 'mixed', tables);
  if (scenario.migrated) await prepareAnew(database);
  for (const sql of scenario.damage) await query(sql);
  const before = await snapshot(database.session);

  const { ok, findings } = await look(database);
  const { code, effect, says: message } = scenario;
  const found = findings.filter((one) => one.code === code && one.effect === effect);
  expect(found).toContainEqual(expect.objectContaining({ message: expect.stringMatching(message) }));
  for (const finding of findings) expect(finding).toMatchObject(wellFormed as object);
  expect(ok).toBe(false);
  expect(await snapshot(database.session)).toEqual(before);

  if (effect === 'blocking') {
    expect(await migrateAnew(database)).toMatchObject({ ok: false, applied: [], findings });
    const dataSource = await openDataSource(database);
    await expect(dataSource.runMigrations()).rejects.toMatchObject({
      code: 'PREFLIGHT_FAILED',
      details: { findings: expect.arrayContaining(found) },
    });
    await dataSource.destroy();
    expect(await snapshot(database.session)).toEqual(before);
  }
  await paste(database, findings);
  expect((await look(database)).findings.filter((one) => one.code === code)).toEqual([]);
  expect(await migrateAnew(database)).toMatchObject({ ok: true });
  expect(await look(database)).toMatchObject({ ok: true });
  await scenario.after?.();
}
