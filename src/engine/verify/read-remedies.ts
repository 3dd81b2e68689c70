import { planRemedies, type Remedies } from '../repairs/remedies';
import { readComments } from '../repairs/survey';
import { declaredSchemaOf, type Subject } from '../subject/subject';
import { planOn } from '../migrate/migrate';
import { isInTheWay } from '../migrate/results';
import { expectedText } from '../schema/ddl';
import { withTable, type Schema } from '../schema/shape';
import { catalogRows, marks, type Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import type { Database } from '../session/database';
import { stepsOf, type Step } from '../steps/step';
import type { VerifyContext } from './context';

/**
 * The live tables after a migrate that nothing stops: the remedies leave out what the migrate repairs. Pure.
 */
function afterMigrate(live: Schema, server: Server, subject: Subject, pending: readonly string[]): Schema {
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

/**
 * True where migrate is the remedy: it has statements for what is pending, and nothing stands in its way. Without such
 * statements, only rows of the history are missing.
 */
export async function findWhetherMigrateMends(
  database: Database,
  session: Queryable,
  pending: readonly string[],
): Promise<boolean> {
  const { statements, findings } = await planOn(database, session);
  const stopped = findings.some((finding) => isInTheWay(finding) && finding.code !== 'PRIVILEGE_MISSING');
  return !stopped && statements.some(({ migration }) => migration !== null && pending.includes(migration));
}

/** For each view that has the name of one of the tables, the base table of this database that it shows. */
async function findBehindViews(
  session: Queryable,
  live: Schema,
  tables: readonly string[],
): Promise<Map<string, string>> {
  const views = tables.filter((name) => live.get(name)?.engine === 'VIEW');
  if (views.length === 0) return new Map();
  const rows = await catalogRows<{ view: string; definition: string; current: string }>(
    session,
    `SELECT TABLE_NAME AS view, VIEW_DEFINITION AS definition, DATABASE() AS current
       FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${marks(views)})`,
    views,
  );
  return new Map(
    rows.flatMap(({ view, definition, current }): [string, string][] => {
      const [, database, table] = /\bfrom `([^`]+)`\.`([^`]+)`\s*$/i.exec(definition) ?? [];
      return table !== undefined && database === current ? [[view, table]] : [];
    }),
  );
}

/** The remedies of all sections. Reads what only they need. */
export async function readRemedies(
  { session, declared, live, server, history, orphans }: VerifyContext,
  subject: Subject,
): Promise<Remedies> {
  const ours = [...declared.keys()];
  return planRemedies({
    declared,
    live: history.migrateMends ? afterMigrate(live, server, subject, history.pending) : live,
    server,
    words: subject,
    comments: await readComments(session, ours),
    behindViews: await findBehindViews(session, live, ours),
    orphans: new Map(orphans.map(({ key, found }) => [key.name, 'fault' in found ? 0 : found.rows])),
  });
}
