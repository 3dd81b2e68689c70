import { findGuards } from '../migrate/guards';
import { planMigrate } from '../migrate/migrate';
import { declaredSchemaOf, ownTablesOf, tablesOf, type Subject } from '../history/subject';
import { stepsOf } from '../steps/migration';
import type { Database } from '../session/database';
import { expectedText } from '../schema/ddl';
import type { Server } from '../server/server';
import { withTable, type Schema, named } from '../schema/shape';
import type { Step } from '../steps/step';
import { isInTheWay } from '../migrate/results';
import { readCatalog } from '../schema/catalog/read-catalog';
import { planRemedies } from '../adopt/remedies';
import { readComments } from '../adopt/survey';
import { findOrphans, orphansSql } from '../orphans/find-orphans';
import type { Queryable } from '../server/queryable';
import { historyFaults } from './checks/history';
import {
  missingTables,
  readHistoryRows,
  type HistoryFact,
  type InstalledGuards,
  type OrphanFact,
  type VerifyContext,
} from './context';
import { errnoOf, messageOf } from './probe/answers';
import { LastingEffects } from './probe/lasting-effects';
import { findBehindViews, findHidden, readTriggers } from './surroundings';

/**
 * The live tables as a migrate will leave them that nothing stands in the way of: what it mends is not to be mended
 * by hand too. Pure.
 */
export function afterMigrate(
  live: Schema,
  server: Server,
  subject: Subject,
  pending: readonly string[],
): Schema {
  const { migrations } = subject;
  const declared = declaredSchemaOf(subject);
  let state = live;

  function apply(step: Step): void {
    if (step.plan(state, server, subject).length === 0) return;
    state = step.declare(state);
    const [table = ''] = step.tables;
    const started: readonly string[] = step.foreignKey?.key.columns ?? [];
    state = withTable(state, table, (shape) => ({
      ...shape,
      columns: shape.columns.map((column) => {
        if (column.charset !== null && !started.includes(column.name)) return column;
        return { ...column, ...(expectedText(declared, declared.get(table) ?? shape, column, state) ?? {}) };
      }),
    }));
  }

  for (const { name, steps } of migrations) {
    for (const step of steps) if (pending.includes(name)) apply(step);
  }
  for (const step of stepsOf(migrations)) if (step.foreignKey) apply(step);
  return state;
}

/** Names of all migrations of the subject, oldest first. */
const namesOf = ({ migrations }: Subject): string[] => migrations.map(({ name }) => name);

/** The migrations that are not recorded, or whose rollback died. */
function pendingOf(subject: Subject, { rows }: Pick<HistoryFact, 'rows'>): string[] {
  return namesOf(subject).filter((name) => !rows.some((row) => row.name === name && !row.reverting));
}

/**
 * True where migrate is the remedy: something of what is pending is not there, and nothing stands in migrate's way.
 * Where everything of it is there, a row in the history is all that is missing.
 */
export async function findWhetherMigrateMends(
  database: Database,
  history: Pick<HistoryFact, 'rows'>,
): Promise<boolean> {
  const pending = pendingOf(database.subject, history);
  if (pending.length === 0) return false;
  const { statements, findings } = await planMigrate(database);
  const stopped = findings.some((finding) => isInTheWay(finding) && finding.code !== 'PRIVILEGE_MISSING');
  return !stopped && statements.some(({ migration }) => migration !== null && pending.includes(migration));
}

/** The orphans of every key both of whose tables are there. */
async function readOrphans(session: Queryable, declared: Schema, live: Schema): Promise<OrphanFact[]> {
  const facts: OrphanFact[] = [];
  for (const { name, foreignKeys } of declared.values()) {
    for (const key of foreignKeys) {
      const [child, parent] = [live.get(name), live.get(key.parentTable)];
      if (child === undefined || parent === undefined) continue;
      const sql = orphansSql(child, key, live);
      const missing = [
        ...key.columns.filter((column) => !named(child.columns, column)),
        ...key.parentColumns.filter((column) => !named(parent.columns, column)),
      ];
      const fact = { table: name, key: key.name, sql };
      if (missing.length > 0) {
        facts.push({ ...fact, found: { fault: `there is no column ${missing.join(', ')}` } });
        continue;
      }
      try {
        facts.push({ ...fact, found: await findOrphans(session, child, key, live) });
      } catch (error) {
        if (errnoOf(error) === null) throw error;
        facts.push({ ...fact, found: { fault: messageOf(error) } });
      }
    }
  }
  return facts;
}

/** The guards of which a part is there. */
async function readInstalledGuards(
  session: Queryable,
  server: Server,
  subject: Subject,
): Promise<InstalledGuards | null> {
  const found = await findGuards({ server, subject }, session);
  if (found === null || subject.guards === undefined || found.state === 'absent') return null;
  return { declared: subject.guards, ...found, install: `${subject.command} guard install` };
}

/** Reads everything that the checks look at. */
export async function readContext(
  { server, database, subject }: Database,
  session: Queryable,
  migrateMends: boolean,
): Promise<VerifyContext> {
  const declared = declaredSchemaOf(subject);
  const known = namesOf(subject);
  const historyTable = ownTablesOf(subject).history;
  const names = { package: subject.package, command: subject.command, table: historyTable };
  const ours = [...declared.keys()];
  const catalog = await readCatalog(session, server, [...tablesOf(subject), historyTable]);
  const live = new Map([...catalog].filter(([name]) => name !== historyTable));
  const rows = await readHistoryRows(session, historyTable);
  const table = catalog.get(historyTable) ?? null;
  const isWhole = historyFaults({ known, history: { ...rows, names, table, migrateMends } }).length === 0;
  const history = { ...rows, names, table, migrateMends: migrateMends && isWhole };
  const isThere = missingTables({ declared, live }).length === 0;
  const hidden = await findHidden(
    session,
    ours.filter((name) => live.has(name) && live.get(name)?.engine !== 'VIEW'),
  );
  const orphans = isThere && hidden.length === 0 ? await readOrphans(session, declared, live) : [];
  const mending = planRemedies({
    declared,
    live: history.migrateMends ? afterMigrate(live, server, subject, pendingOf(subject, history)) : live,
    server,
    words: subject,
    comments: await readComments(session, ours),
    behindViews: await findBehindViews(session, live, ours),
    orphans: new Map(orphans.map(({ key, found }) => [key, 'fault' in found ? 0 : found.rows])),
  });
  const triggers = await readTriggers(session, database, ours);
  const guards = await readInstalledGuards(session, server, subject);
  const effects = new LastingEffects(session, database);
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
    // Those of the guards are judged by a check of their own
    triggers: triggers.filter(({ name }) => !guards?.parts.some((part) => part.name === name)),
    hidden,
    guards,
    effects,
    mending,
  };
}
