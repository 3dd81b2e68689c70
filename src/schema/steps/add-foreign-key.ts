import { ProtectionFlowsError } from '../../errors';
import { readCatalog } from '../catalog/read-catalog';
import { alterSql, columnSql, dropForeignKeySql, foreignKeySql } from '../ddl';
import { keyState, type KeyObstacle } from '../key-state';
import { findOrphans, orphansSql } from '../orphans/find-orphans';
import { named, withTable, type ForeignKey, type Schema, type Table } from '../shape';
import type { Step, StepContext } from '../step';

/** Both servers add a key while the child is written, if they need not look at its rows: foreign_key_checks = 0. */
const online = 'ALGORITHM=INPLACE, LOCK=NONE';

const unchecked = 'SET SESSION foreign_key_checks = 0';
const checked = 'SET SESSION foreign_key_checks = 1';

function refuse(key: ForeignKey, obstacle: KeyObstacle): never {
  throw new ProtectionFlowsError(obstacle.code, {
    message: obstacle.message,
    remedy: obstacle.remedy,
    details: { key: key.name, table: obstacle.table },
  });
}

async function assertNoOrphans(
  context: StepContext,
  child: Table,
  key: ForeignKey,
  live: Schema,
): Promise<void> {
  const orphans = await findOrphans(context.session, child, key, live);
  if (orphans.rows === 0) return;
  throw new ProtectionFlowsError('FK_ORPHAN_ROWS', {
    message: `${orphans.rows} row${orphans.rows === 1 ? '' : 's'} of ${child.name} name a ${key.parentTable} that does not exist, for instance ${key.columns[0] ?? ''} = '${orphans.sample[0] ?? ''}'`,
    remedy: `Restore the missing parents or mend the rows, then migrate again. To see them: ${orphansSql(child, key, live)};`,
    details: { key: key.name, table: child.name, ...orphans },
  });
}

/** Adds the key without looking at the rows: the scans around it do that, without holding up a writer. */
async function addUnchecked(context: StepContext, table: string, key: ForeignKey): Promise<void> {
  await context.session.query(unchecked);
  try {
    await context.execute(
      `${alterSql(table, `ADD ${foreignKeySql(key, context.server.flavour)}`)}, ${online}`,
    );
  } finally {
    await context.session.query(checked);
  }
}

async function addKey(context: StepContext, table: string, key: ForeignKey, before: Schema): Promise<void> {
  const state = keyState(table, key, before);
  if (state.status === 'deferred') return;
  if (state.status === 'refused') refuse(key, state.obstacle);
  const child = before.get(table);
  if (child === undefined) return;
  await assertNoOrphans(context, child, key, before);
  if (state.status === 'present') return;
  if (state.align !== null) {
    await context.execute(alterSql(table, `MODIFY ${columnSql(state.align.column, state.align.text)}`));
  }
  await addUnchecked(context, table, key);
  const after = await readCatalog(context.session, context.server, [table, key.parentTable]);
  try {
    if (!after.has(key.parentTable)) {
      throw new ProtectionFlowsError('FK_PARENT_MISSING', {
        message: `table ${key.parentTable} vanished while ${key.name} was being added`,
        remedy: 'Migrate again once the table is there.',
        details: { key: key.name, table },
      });
    }
    await assertNoOrphans(context, after.get(table) ?? child, key, after);
  } catch (error) {
    await context.execute(alterSql(table, dropForeignKeySql(key.name)));
    throw error;
  }
}

/**
 * Adds a foreign key to a table that may hold rows and be in use:
 *
 * 1. looks for orphans, and refuses (FK_ORPHAN_ROWS) where there are any;
 * 2. gives the child column the live parent column's charset and collation, where it has others;
 * 3. adds the key with foreign_key_checks = 0, which neither reads the rows nor holds up a writer;
 * 4. looks for orphans again: from 3 on every other connection is checked, so this answer is final;
 * 5. takes the key off again where some slipped in, and refuses.
 *
 * A key whose parent table does not exist is left for a later migrate. Done when the key is there and has no
 * orphans: a run may have died between 3 and 4. Its undoing drops the key.
 */
export function addForeignKey(table: string, key: ForeignKey): Step {
  return {
    title: `add foreign key ${key.name}`,
    tables: [table, key.parentTable],
    foreignKey: { table, key },
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, foreignKeys: [...shape.foreignKeys, key] })),
    plan(live, server) {
      const state = keyState(table, key, live);
      if (state.status === 'refused') refuse(key, state.obstacle);
      if (state.status !== 'to-add') return [];
      const align =
        state.align && alterSql(table, `MODIFY ${columnSql(state.align.column, state.align.text)}`);
      return [
        ...(align ? [align] : []),
        unchecked,
        `${alterSql(table, `ADD ${foreignKeySql(key, server.flavour)}`)}, ${online}`,
        checked,
      ];
    },
    undo: (live) =>
      named(live.get(table)?.foreignKeys ?? [], key.name)
        ? [alterSql(table, dropForeignKeySql(key.name))]
        : [],
    async run(context, live) {
      const start = performance.now();
      try {
        await addKey(context, table, key, live);
      } finally {
        context.onKey?.(key.name, Math.round(performance.now() - start));
      }
    },
  };
}
