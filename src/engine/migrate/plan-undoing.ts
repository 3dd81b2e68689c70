import { isProtectionFlowsError, ProtectionFlowsError } from '../../errors';
import { grantRemedy, leaseNeeds, mayNot, readAccess, type Need } from '../preflight/access/read-access';
import { readCatalog } from '../schema/catalog/read-catalog';
import { named, withTable, type Schema } from '../schema/shape';
import { declaredBy, stepsOf, type Migration, type Step, type StepContext } from '../steps/step';
import type { Node } from '../server/node';
import { tableExists } from '../server/queryable';
import { ownTablesOf, type Subject } from '../subject/subject';
import type { PlannedStatement } from './results';

/** What undoing comes to. */
export interface UndoingPlan {
  readonly statements: readonly PlannedStatement[];
  /** What can't be undone because of its shape: somebody has changed it. */
  readonly refusals: readonly ProtectionFlowsError[];
  /** What it asks of the user. */
  readonly needs: readonly Need[];
}

/** The live tables as they are once that step is undone; the keys are the live ones, as any may be absent, and so are charsets. */
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

/**
 * The statements that undo those migrations, newest first: each step is asked in the state that those before it leave.
 */
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
      // Its table goes as a whole
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
  // CREATE TABLE IF NOT EXISTS asks for CREATE even where the table is there (tried)
  for (const privilege of ['CREATE', 'UPDATE', 'DELETE']) needs.push({ privilege, table: history });
  // A single server's own lock is enough; in a cluster, the lease is taken before the first statement
  if (isClustered) needs.push(...leaseNeeds(lock, await tableExists(session, lock)));
  return { statements, refusals, needs };
}

/**
 * What the user lacks of that, table by table, with one fix for all of it: refused half-way, a rollback would have undone what
 * the history still has as applied. Empty where nothing is missing, or the grants do not tell.
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
