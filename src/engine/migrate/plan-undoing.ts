import { isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import { grantRemedy, leaseNeeds, mayNot, readAccess, type Need } from '../preflight/access/read-access';
import { readCatalog } from '../schema/catalog/read-catalog';
import { named, withTable, type Schema } from '../schema/shape';
import { declaredBy, stepsOf, type Migration, type Step, type StepContext } from '../steps/step';
import type { Node } from '../server/node';
import { tableExists } from '../server/queryable';
import { ownTablesOf, type Subject } from '../subject/subject';
import type { PlannedStatement } from './results';

/** The plan of a rollback. */
export interface UndoingPlan {
  readonly statements: readonly PlannedStatement[];
  /** The errors of steps that can't be undone, because somebody has changed their objects. */
  readonly refusals: readonly ProtectionFlowsError[];
  /** The privileges that the user needs. */
  readonly needs: readonly Need[];
}

/** The live tables after the step is undone. Keys and charsets stay the live ones, which may differ from the declared. */
function without(live: Schema, step: Step, steps: readonly Step[]): Schema {
  const [table = ''] = step.tables;
  if (step.creates !== undefined) return new Map([...live].filter(([name]) => name !== step.creates));
  if (!live.has(table)) return live;
  if (step.foreignKey !== undefined) {
    const { name } = step.foreignKey.key;
    return withTable(live, table, (shape) => ({
      ...shape,
      foreignKeys: shape.foreignKeys.filter((key) => key.name !== name),
    }));
  }
  const before = declaredBy(steps.slice(0, steps.indexOf(step))).get(table);
  return withTable(live, table, (shape) => ({
    ...(before ?? shape),
    columns: (before ?? shape).columns.map((column) => {
      const { charset, collation } = named(shape.columns, column.name) ?? column;
      return { ...column, charset, collation };
    }),
    foreignKeys: shape.foreignKeys,
  }));
}

/** Plans to undo the migrations, newest first. Each step plans for the state that the steps before it leave. */
export async function planUndoing(
  { session, server, dropped }: Pick<StepContext, 'session' | 'server' | 'dropped'>,
  subject: Subject,
  undoing: readonly Migration[],
  { isClustered }: Pick<Node, 'isClustered'>,
): Promise<UndoingPlan> {
  const steps = stepsOf(subject.migrations);
  const tables = new Set(stepsOf(undoing).flatMap((step) => [...step.tables]));
  const statements: PlannedStatement[] = [];
  const refusals: ProtectionFlowsError[] = [];
  const needs: Need[] = [];
  let live = await readCatalog(session, server, [...tables]);
  for (const { name, steps: own } of undoing) {
    for (const step of [...own].reverse()) {
      // The rollback drops its whole table
      if (step.creates === undefined && dropped?.has(step.tables[0] ?? '')) continue;
      try {
        const undone = step.undo(live, server, subject);
        const title = `undo: ${step.title}`;
        statements.push(...undone.map(({ sql }) => ({ migration: name, step: title, sql, copies: null })));
        for (const { privilege, table } of undone)
          if (privilege !== null && table !== null) needs.push({ privilege, table });
      } catch (error) {
        if (!isProtectionFlowsError(error)) throw error;
        refusals.push(error);
      }
      live = without(live, step, steps);
    }
  }
  if (undoing.length === 0) return { statements, refusals, needs };
  const { history, lock } = ownTablesOf(subject);
  // CREATE TABLE IF NOT EXISTS requires CREATE even where the table exists (tried)
  for (const privilege of ['CREATE', 'UPDATE', 'DELETE']) needs.push({ privilege, table: history });
  // A single server's own lock is enough; in a cluster, the lease is taken before the first statement
  if (isClustered) needs.push(...leaseNeeds(lock, await tableExists(session, lock)));
  return { statements, refusals, needs };
}

/**
 * The privileges that the user lacks: one error for each table, with one remedy for all. Checked first, because a rollback
 * that is refused half-way leaves the history wrong. Empty where nothing is missing, or the grants do not decide.
 */
export async function lackedFor(
  { session, server }: Pick<StepContext, 'session' | 'server'>,
  needs: readonly Need[],
): Promise<ProtectionFlowsError[]> {
  if (needs.length === 0) return [];
  const access = await readAccess(session, server);
  const missing = needs.filter(({ privilege, table }) => mayNot(access, privilege, table));
  return [...new Set(missing.map(({ table }) => table))].map((table) => {
    const privileges = new Set(missing.flatMap((need) => (need.table === table ? [need.privilege] : [])));
    const privilege = [...privileges].join(', ');
    return new ProtectionFlowsError('PRIVILEGE_MISSING', {
      message: `${access.user} lacks ${privilege} on ${table}, which rollback needs`,
      remedy: grantRemedy(access, missing),
      details: { privilege, user: access.user, object: table },
    });
  });
}
