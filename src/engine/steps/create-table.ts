import { declareArguments } from '../../arguments';
import { tableShape } from '../schema/declared-parts';
import { ProtectionFlowsError } from '../../errors';
import { readIncomingKeys } from '../schema/catalog/read-foreign-keys';
import { currentDatabase } from '../schema/catalog/scope';
import { compareTable } from '../schema/compare';
import { creating, dropping } from '../schema/ddl';
import type { Table } from '../schema/shape';
import { assertNoLoss, handMade } from './refusals';
import type { Step, StepContext } from './step';

async function assertNoKeysFromOthers(context: StepContext, table: string): Promise<void> {
  const others = (await readIncomingKeys(context.session, [table])).filter(
    (key) => key.database !== null || (key.table !== table && !context.dropped?.has(key.table)),
  );
  if (others.length === 0) return;
  const own = await currentDatabase(context.session);
  const keys = others.map(({ name, database, table: child }) => ({
    name,
    child: `${database ?? own}.${child}`,
  }));
  const list = keys.map((key) => `${key.name} of ${key.child}`).join(', ');
  throw new ProtectionFlowsError('ROLLBACK_BLOCKED_BY_KEYS', {
    message: `table ${table} is referenced by ${list}`,
    remedy: `Drop those foreign keys first. Their tables do not belong to ${context.owner.words.package}.`,
    details: { table, keys },
  });
}

const assertTable = declareArguments('createTable', { table: tableShape });

/**
 * Creates a table, without its foreign keys. Does nothing where a table of exactly this shape exists (a run may have died
 * right after the CREATE); another shape is SCHEMA_HAND_MADE. Undoing drops the table. It refuses while the table holds
 * rows (ROLLBACK_WOULD_LOSE_ROWS), or keys of other tables refer to it (ROLLBACK_BLOCKED_BY_KEYS).
 */
export function createTable(table: Table): Step {
  assertTable({ table });
  return {
    title: `create table ${table.name}`,
    tables: [table.name],
    creates: table.name,
    declare: (schema) => new Map(schema).set(table.name, table),
    plan(live, _server, words) {
      if (!live.has(table.name)) return [creating(table)];
      const differences = compareTable(new Map([[table.name, table]]), table, live);
      if (differences.length > 0) throw handMade(`table ${table.name}`, differences, words);
      return [];
    },
    // Undoing is one DROP. So a table that still exists is ours, with the changes of later steps
    redo: (live) => (live.has(table.name) ? [] : [creating(table)]),
    undo: (live) => (live.has(table.name) ? [dropping(table.name)] : []),
    async assertUndoable(context, live) {
      if (!live.has(table.name)) return;
      await assertNoKeysFromOthers(context, table.name);
      await assertNoLoss(context, { table: table.name });
    },
  };
}
