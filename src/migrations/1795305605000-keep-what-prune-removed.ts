import { ownTables } from '../engine/server/names';
import { countRows, marks, select, type Queryable } from '../engine/server/queryable';
import { inRowTransaction, withRowSettings } from '../engine/server/row-transaction';
import { column, literal, nullable, table } from '../engine/schema/declare';
import { createTable } from '../engine/steps/create-table';
import { assertNoLoss } from '../engine/steps/refusals';
import type { Step, StepContext } from '../engine/steps/step';
import { counterColumns, prunedTable, recountFlows, type Statements } from '../statistics/meaning';
import { StepMigration } from './step-migration';

/**
 * One row per flow: how many of its removed runs had begun, succeeded and failed, and when the migration computed earlier
 * removals from the flow's counters (NULL: it has not).
 */
export const pruned = table(prunedTable, {
  columns: [
    /** The flow. */
    column('flow_id', 'varchar(64)'),
    /** How many removed runs this counter had counted. */
    ...counterColumns.map((name) => column(name, 'int', { default: literal(0) })),
    /** When the migration computed earlier removals from the flow's counters. Null: it has not. */
    nullable('taken_at', 'timestamp'),
  ],
  primaryKey: ['flow_id'],
});

const creation = createTable(pruned);
const flows = 'protection_flows';
const executions = 'protection_flow_executions';

/** How many flows one transaction locks while it counts their runs. */
const flowsAtOnce = 20;

type Counters = Readonly<Record<(typeof counterColumns)[number], number | string>>;

/**
 * Returns how many runs of a flow were removed: the flow's counters minus the rows that they counted. Until now they
 * counted runs that are over. Programs that count a run at its beginning add the runs under way to the total, so an excess
 * that the runs under way explain does not count as removed.
 */
function removedOf(flow: Counters, rows: Readonly<Record<string, number>>): number[] {
  const of = (...statuses: readonly string[]): number =>
    statuses.reduce((sum, status) => sum + (rows[status] ?? 0), 0);
  const more = Number(flow.total_executions) - of('success', 'warning', 'error', 'cancelled');
  const successful = Math.max(0, Number(flow.successful_executions) - of('success'));
  const failed = Math.max(0, Number(flow.failed_executions) - of('error'));
  return [Math.max(successful + failed, more > of('running') ? more : 0), successful, failed];
}

const statementsOn = (session: Queryable): Statements => ({
  select: (sql, parameters = []) => select(session, sql, [...parameters]),
  write: async (sql, parameters = []) =>
    ((await session.query(sql, [...parameters])) as { affectedRows: number }).affectedRows,
});

/**
 * Computes the removed runs of flows from their counters, and recounts the flows. First it locks their rows, and the rows
 * that prune writes: a concurrent prune's removals are either computed here or added afterwards.
 */
async function takeAndRecount(session: Queryable, ids: string[], wasPruned: boolean): Promise<void> {
  const locked = await select<Counters & { id: string }>(
    session,
    `SELECT id, ${counterColumns.join(', ')} FROM ${flows} WHERE id IN (${marks(ids)}) ORDER BY id FOR UPDATE`,
    ids,
  );
  if (locked.length === 0) return;
  await session.query(
    `INSERT INTO ${prunedTable} (flow_id) VALUES ${locked.map(() => '(?)').join(', ')}
     ON DUPLICATE KEY UPDATE flow_id = VALUES(flow_id)`,
    locked.map(({ id }) => id),
  );
  const counted = await select<{ id: string; status: string; runs: number | string }>(
    session,
    `SELECT f.id, e.status, COUNT(*) AS runs FROM ${flows} f JOIN ${executions} e ON e.flow_id = f.id
      WHERE f.id IN (${marks(ids)}) GROUP BY f.id, e.status`,
    ids,
  );
  for (const flow of locked) {
    const own = counted.filter(({ id }) => id === flow.id);
    const removed = removedOf(
      flow,
      Object.fromEntries(own.map(({ status, runs }) => [status, Number(runs)])),
    );
    await session.query(
      `UPDATE ${prunedTable} SET ${counterColumns.map((name) => `${name} = ?`).join(', ')}, taken_at = CURRENT_TIMESTAMP
        WHERE flow_id = ?`,
      [...(wasPruned ? removed : counterColumns.map(() => 0)), flow.id],
    );
  }
  await recountFlows(statementsOn(session), ids);
}

/** Takes the flows in the order of their ids; those that a run which died has taken are not taken again. */
async function takeAll({ session, owner, goOn, onProgress, tableWaitMs }: StepContext): Promise<void> {
  // Without flows there is nothing to read or write in the new table, which takes privileges
  if ((await select(session, `SELECT id FROM ${flows} LIMIT 1`)).length === 0) return;
  // Where no release has run before, no prune has
  const wasPruned = (await countRows(session, ownTables(owner.tablePrefix).history)) > 0;
  let taken = 0;
  for (let after = ''; ;) {
    const page = await select<{ id: string }>(
      session,
      `SELECT f.id FROM ${flows} f LEFT JOIN ${prunedTable} p ON p.flow_id = f.id
        WHERE p.taken_at IS NULL AND f.id > ? ORDER BY f.id LIMIT ${flowsAtOnce}`,
      [after],
    );
    const ids = page.map(({ id }) => id);
    if (ids.length === 0) return;
    await inRowTransaction(session, { what: 'recount flows', goOn, patienceMs: tableWaitMs }, () =>
      takeAndRecount(session, ids, wasPruned),
    );
    taken += ids.length;
    after = ids.at(-1) ?? '';
    onProgress?.(`recounted ${taken} flows`);
  }
}

/** The table is not part of the declared schema: tables made by hand never have it. */
const keepPruned: Step = {
  ...creation,
  title: `create table ${prunedTable}, and recount the flows`,
  declare: (schema) => schema,
  // A table that the same migrate creates has no flows
  needs: (live) =>
    !live.has(flows)
      ? []
      : [
          ...['SELECT', 'UPDATE'].map((privilege) => ({ privilege, table: flows })),
          { privilege: 'SELECT', table: executions },
          ...['SELECT', 'INSERT', 'UPDATE'].map((privilege) => ({ privilege, table: prunedTable })),
        ],
  async run(context, live) {
    for (const { sql } of creation.plan(live, context.server, context.owner.words))
      await context.execute(sql);
    await withRowSettings(context.session, () => takeAll(context));
  },
  async assertUndoable(context, live) {
    if (live.has(prunedTable))
      await assertNoLoss(context, { table: prunedTable, condition: 'total_executions > 0' });
  },
};

/**
 * Creates the table in which prune counts the removed runs of a flow, so that verify can prove the counters. Recounts every
 * flow's statistics by their meaning from this release on.
 */
export class KeepWhatPruneRemoved1795305605000 extends StepMigration {
  readonly name = 'KeepWhatPruneRemoved1795305605000';
  readonly breaking =
    'Programs of earlier releases count a run in total_executions when it ends, programs of this release when it begins. A run that one begins and the other ends is counted twice or not at all. No program fails. When the last program of an earlier release has stopped, run protection-flows recount.';
  readonly steps = [keepPruned];
}
