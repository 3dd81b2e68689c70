import { ownTables } from '../engine/server/names';
import { select, type Queryable } from '../engine/server/queryable';
import { inRowTransaction, withRowSettings } from '../engine/server/row-transaction';
import { assertNoLoss, createTable } from '../engine/steps/create-table';
import type { Step, StepContext } from '../engine/steps/step';
import { counterColumns, prunedTable } from '../statistics/meaning';
import { recountFlows, type Statements } from '../statistics/recount';
import { pruned } from './pruned-table';
import { StepMigration } from './step-migration';

const creation = createTable(pruned);

const ended: Readonly<Record<(typeof counterColumns)[number], string>> = {
  total_executions: "e.status IN ('success', 'warning', 'error', 'cancelled')",
  successful_executions: "e.status = 'success'",
  failed_executions: "e.status = 'error'",
};

/** What a counter has more than there are rows that it counted: until now, the runs that were over. */
const removed = counterColumns.map(
  (
    name,
  ) => `GREATEST(0, f.${name} - (SELECT COALESCE(SUM(${ended[name]}), 0) FROM protection_flow_executions e
                   WHERE e.flow_id = f.id)) AS ${name}`,
);

const flowsAtOnce = 100;

const statementsOn = (session: Queryable): Statements => ({
  select: (sql, parameters = []) => select(session, sql, [...parameters]),
  write: async (sql, parameters = []) =>
    ((await session.query(sql, [...parameters])) as { affectedRows: number }).affectedRows,
});

/** The flows that have no row yet, a batch at a time: what a run that died has done is not done twice. */
const unkept = `SELECT f.id FROM protection_flows f LEFT JOIN ${prunedTable} p ON p.flow_id = f.id
  WHERE p.flow_id IS NULL AND f.id > ? ORDER BY f.id LIMIT ${flowsAtOnce}`;

/**
 * Takes for pruned what the counters of each flow have more than its rows, and recounts the flow. Counters of before this
 * release counted ends, exactly, and nothing but this package's prune removed rows; where no release of it has run before,
 * nothing was pruned.
 */
async function recountAll({ session, owner, goOn, onProgress, tableWaitMs }: StepContext): Promise<void> {
  // Without flows there is nothing to read or write in the new table, which takes privileges
  const some = await select(session, 'SELECT id FROM protection_flows LIMIT 1');
  if (some.length === 0) return;
  const history = ownTables(owner.tablePrefix).history;
  const [recorded] = await select<{ count: number | string }>(
    session,
    `SELECT COUNT(*) AS count FROM ${history}`,
  );
  const values = Number(recorded?.count) > 0 ? removed : counterColumns.map((name) => `0 AS ${name}`);
  const statements = statementsOn(session);
  const options = { what: 'recount flows', goOn, patienceMs: tableWaitMs };
  let done = 0;
  for (let after = ''; ;) {
    const ids = (await select<{ id: string }>(session, unkept, [after])).map(({ id }) => id);
    if (ids.length === 0) return;
    await inRowTransaction(session, options, async () => {
      const marks = ids.map(() => '?').join(', ');
      await session.query(
        `SELECT id FROM protection_flows WHERE id IN (${marks}) ORDER BY id FOR UPDATE`,
        ids,
      );
      // Read, and then written: INSERT … SELECT would lock the runs that it reads
      const rows = await select<Record<string, unknown>>(
        session,
        `SELECT f.id, ${values.join(', ')} FROM protection_flows f WHERE f.id IN (${marks})`,
        ids,
      );
      await session.query(
        `INSERT IGNORE INTO ${prunedTable} (flow_id, ${counterColumns.join(', ')})
         VALUES ${rows.map(() => '(?, ?, ?, ?)').join(', ')}`,
        rows.flatMap((row) => Object.values(row)),
      );
      await recountFlows(statements, ids);
    });
    done += ids.length;
    after = ids.at(-1) ?? '';
    onProgress?.(`recounted ${done} flows`);
  }
}

/** The table is none of the declared schema: nobody's tables made by hand have it. */
const keepPruned: Step = {
  ...creation,
  title: `create table ${prunedTable}, and recount the flows`,
  declare: (schema) => schema,
  isApart: true,
  async run(context, live) {
    for (const { sql } of creation.plan(live, context.server, context.owner.words)) await context.execute(sql);
    await withRowSettings(context.session, () => recountAll(context));
  },
  async assertUndoable(context, live) {
    if (live.has(prunedTable)) await assertNoLoss(context, prunedTable, 'total_executions > 0');
  },
};

/**
 * Makes the table in which prune keeps how many runs of a flow it has removed, so that the counters can be proven; and
 * brings the statistics of every flow to what they mean from this release on.
 */
export class KeepWhatPruneRemoved1795305605000 extends StepMigration {
  readonly name = 'KeepWhatPruneRemoved1795305605000';
  readonly breaking =
    'Programs of earlier releases count a run in total_executions when it ends, those of this release when it begins: a run that one begins and the other ends is counted never, or twice. None of them fails. When the last program of an earlier release has stopped, run protection-flows recount.';
  readonly steps = [keepPruned];
}
