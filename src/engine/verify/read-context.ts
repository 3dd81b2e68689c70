import { ProtectionFlowsError } from '../../errors';
import { readEntries } from '../history/history';
import { wouldSee } from '../preflight/access/grants';
import { grantOnDatabase, readAccess } from '../preflight/access/read-access';
import { declaredSchemaOf, ownTablesOf, tablesOf } from '../subject/subject';
import { findGuards } from '../guards/read-guards';
import type { Database } from '../session/database';
import type { GuardColumn } from '../subject/parts';
import { keysIn, named, type Schema } from '../schema/shape';
import { readCatalog, readTriggers, type Trigger } from '../schema/catalog/read-catalog';
import { findOrphans, orphansSql } from '../orphans/find-orphans';
import { catalogRows, errnoOf, quoteName, type Queryable } from '../server/queryable';
import { historyFaults } from './checks/history';
import {
  missingTables,
  recording,
  type InstalledGuards,
  type OrphanFact,
  type VerifyContext,
} from './context';
import { messageOf } from '../probe/answers';
import { LastingEffects } from '../probe/lasting-effects';
import type { Evidence } from './report';

/** The orphans of every key whose two tables exist. */
async function readOrphans(session: Queryable, declared: Schema, live: Schema): Promise<OrphanFact[]> {
  const facts: OrphanFact[] = [];
  for (const { table, key } of keysIn(declared)) {
    const [child, parent] = [live.get(table.name), live.get(key.parentTable)];
    if (child === undefined || parent === undefined) continue;
    const missing = [
      ...key.columns.filter((column) => !named(child.columns, column)),
      ...key.parentColumns.filter((column) => !named(parent.columns, column)),
    ];
    const found =
      missing.length > 0
        ? { fault: `there is no column ${missing.join(', ')}` }
        : await findOrphans(session, child, key, live).catch((error: unknown) => {
            if (errnoOf(error) === null) throw error;
            return { fault: messageOf(error) };
          });
    facts.push({ table: table.name, key, sql: orphansSql(child, key, live), found });
  }
  return facts;
}

/** The tables that a temporary table of this session hides: the catalog shows the real one, statements use the other. */
async function findHidden(session: Queryable, tables: readonly string[]): Promise<string[]> {
  const hidden: string[] = [];
  for (const table of tables) {
    const [row] = await catalogRows(session, `SHOW CREATE TABLE ${quoteName(table)}`).catch(
      async (error: unknown) => {
        const errno = errnoOf(error);
        if (errno === null) throw error;
        // This user sees only some columns, so the others would look missing: this throws the missing privilege
        if (errno === 1142) await session.query(`SELECT * FROM ${quoteName(table)} LIMIT 0`);
        // Locked: the checks that read its rows report that
        return [];
      },
    );
    if (/^CREATE TEMPORARY /i.test(String(row?.['Create Table'] ?? ''))) hidden.push(table);
  }
  return hidden;
}

/**
 * Refuses to call a table missing that this user would not see.
 *
 * @throws ProtectionFlowsError PRIVILEGE_MISSING with the GRANT
 */
async function refuseUnseen(
  { server }: Pick<Database, 'server'>,
  session: Queryable,
  absent: readonly string[],
): Promise<void> {
  if (absent.length === 0) return;
  const access = await readAccess(session, server);
  const { holds, user } = access;
  const unseen = holds === null ? [] : absent.filter((table) => !wouldSee(holds, table));
  if (unseen.length === 0) return;
  const object = unseen.join(', ');
  throw new ProtectionFlowsError('PRIVILEGE_MISSING', {
    message: `${user} may not see whether there is ${object}, and verify has to`,
    remedy: grantOnDatabase(access, 'SELECT'),
    details: { privilege: 'SELECT', user, object },
  });
}

/** Reads the guards, where the columns and triggers that were read show a part of them; else null. */
async function readInstalledGuards(
  session: Queryable,
  database: Pick<Database, 'server' | 'database' | 'subject'>,
  live: Schema,
  triggers: readonly Trigger[],
): Promise<InstalledGuards | null> {
  const { guards, command } = database.subject;
  const isColumn = ({ table, name }: GuardColumn): boolean =>
    named(live.get(table)?.columns ?? [], name) !== undefined;
  const isSeen = guards?.columns.some(isColumn) || guards?.triggers.some(({ name }) => named(triggers, name));
  const found = isSeen ? await findGuards(database, session) : null;
  if (found === null || guards === undefined || found.state === 'absent') return null;
  return { declared: guards, ...found, install: `${command} guard install` };
}

/**
 * Reads everything that the checks look at.
 *
 * @param wouldMigrateMend called with the pending migrations where there are any
 */
export async function readContext(
  { server, database, subject }: Database,
  session: Queryable,
  wouldMigrateMend: (pending: readonly string[]) => Promise<boolean>,
): Promise<VerifyContext> {
  const declared = declaredSchemaOf(subject);
  const known = subject.migrations.map(({ name }) => name);
  const historyTable = ownTablesOf(subject).history;
  const names = { package: subject.package, command: subject.command, table: historyTable };
  const readings: Evidence[] = [];
  const recorded = recording(session, readings);
  const looked = [...tablesOf(subject), historyTable];
  const catalog = await readCatalog(recorded, server, looked);
  await refuseUnseen(
    { server },
    session,
    looked.filter((name) => !catalog.has(name)),
  );
  const live = new Map([...catalog].filter(([name]) => name !== historyTable));
  const table = catalog.get(historyTable) ?? null;
  const rows = table === null ? [] : await readEntries(recorded, historyTable);
  const pending = known.filter((name) => !rows.some((row) => row.name === name && !row.reverting));
  const read = { rows, names, table, pending, migrateMends: false };
  const isWhole = historyFaults({ known, history: read }).length === 0;
  const migrateMends = pending.length > 0 && isWhole && (await wouldMigrateMend(pending));
  const history = { ...read, migrateMends };
  const hidden = await findHidden(
    session,
    [...declared.keys()].filter((name) => live.has(name) && live.get(name)?.engine !== 'VIEW'),
  );
  const isThere = missingTables({ declared, live }).length === 0;
  const orphans = isThere && hidden.length === 0 ? await readOrphans(session, declared, live) : [];
  const seen = await readTriggers(session, database, [...live.keys(), ...declared.keys()]);
  const triggers = new Map(
    [...live.keys()].map((name) => [name, seen.filter((trigger) => trigger.table === name)]),
  );
  const guards = await readInstalledGuards(session, { server, database, subject }, live, seen);
  // The check guards judges their triggers
  const isGuard = (name: string): boolean => guards?.parts.some((part) => part.name === name) === true;
  return {
    session,
    server,
    database,
    declared,
    probes: subject.probes ?? { tables: {}, checks: {} },
    live,
    history,
    known,
    orphans,
    triggers: seen.filter((trigger) => declared.has(trigger.table) && !isGuard(trigger.name)),
    hidden,
    guards,
    effects: new LastingEffects(session, database, triggers),
    readings,
  };
}
