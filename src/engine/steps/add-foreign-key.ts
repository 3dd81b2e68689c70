import { declareArguments, flag, optional, options as optionsOf } from '../../arguments';
import { indexShape, identifier, keyShape } from '../schema/declared-parts';
import { argumentsRefused, ProtectionFlowsError } from '../../errors';
import { readCatalog } from '../schema/catalog/read-catalog';
import { isGuard, guardSql } from '../schema/guarded-columns';
import {
  altering,
  dropForeignKeySql,
  foreignKeySql,
  indexSql,
  online,
  otherSql,
  type Statement,
} from '../schema/ddl';
import {
  bringing,
  keyState,
  replacedBy,
  unvalidatedName,
  type KeyChange,
  type KeyObstacle,
  type KeyState,
} from './key-state';
import { orphanChoicesFor, possibleChoice, settleOrphans } from '../orphans/settle-orphans';
import {
  describeOrphans,
  findOrphans,
  orphansSql,
  type Orphans,
  findSettledOrphans,
} from '../orphans/find-orphans';
import type { Flavour } from '../server/server';
import { named, withTable, type ForeignKey, type Index, type Schema, type Table } from '../schema/shape';
import type { Step, StepContext } from './step';
import { isPrefixOf } from './indexes';
import { alignColumn, alignmentSql, type Alignment } from './modify-column';

const unchecked = otherSql('SET SESSION foreign_key_checks = 0');
const checked = otherSql('SET SESSION foreign_key_checks = 1');

/** How often the rows that a scan found may all be gone by the time they are to be settled. */
const mostIdle = 20;

/** A key that is to be added, where, and the index that it lives on. */
interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
  readonly index: Index;
}

type ToAdd = Extract<KeyState, { status: 'to-add' }>;

function refuse(key: ForeignKey, obstacle: KeyObstacle): never {
  throw new ProtectionFlowsError(obstacle.code, {
    message: obstacle.message,
    remedy: obstacle.remedy,
    details: { key: key.name, table: obstacle.table },
  });
}

function refuseOrphans(child: Table, key: ForeignKey, live: Schema, orphans: Orphans): never {
  throw new ProtectionFlowsError('FK_ORPHAN_ROWS', {
    message: `${describeOrphans(child.name, key, orphans)}, for instance ${key.columns[0]} = '${orphans.sample[0] ?? ''}'`,
    remedy: `Restore the missing parents, or migrate with ${orphanChoicesFor(child, key)
      .filter(({ isPossible }) => isPossible)
      .map(({ choice, does }) => `--orphans=${choice} (${does})`)
      .join(' or ')}. To see them: ${orphansSql(child, key, live)};`,
    details: { key: key.name, table: child.name, ...orphans },
  });
}

/**
 * What puts the key's index there, where the table has none of its name nor one that a later migration put in its place
 * (the server would make a nameless one), and ahead of others that keep the server from checking the key in every row.
 */
function indexStatements({ table, key, index }: KeyAt, child: Table): Statement[] {
  const isThere = child.indexes.some(
    (one) => one.name === index.name || (isPrefixOf(index, one) && isGuard(child, one)),
  );
  return [
    ...(isThere ? [] : [altering(table, online, `ADD ${indexSql(index)}`)]),
    ...guardSql(child, key.columns[0], index),
  ];
}

const unvalidatedSql = ({ table, key }: KeyAt, flavour: Flavour): Statement =>
  altering(table, online, `ADD ${foreignKeySql({ ...key, name: unvalidatedName(key) }, flavour)}`);

/**
 * What gives the key its own name, in one statement, so that some key guards the rows at every moment. Two statements
 * where a superseded key has that name: neither server takes DROP and ADD of one name together (1826).
 *
 * @param replaced the keys that give way; one of them guards the rows, unless all are superseded
 */
function nameSql({ table, key }: KeyAt, flavour: Flavour, replaced: readonly string[]): Statement[] {
  const others = replaced.filter((name) => name !== key.name);
  return [
    ...(others.length < replaced.length ? [altering(table, online, dropForeignKeySql(key.name))] : []),
    altering(table, online, `ADD ${foreignKeySql(key, flavour)}`, ...others.map(dropForeignKeySql)),
  ];
}

/** Executes with foreign_key_checks = 0: the rows are neither read nor locked, and no writer waits. */
async function executeUnchecked(context: StepContext, { sql }: Statement): Promise<void> {
  await context.session.query(unchecked.sql);
  try {
    await context.execute(sql);
  } finally {
    await context.session.query(checked.sql);
  }
}

async function placeIndex(context: StepContext, at: KeyAt, child: Table): Promise<void> {
  for (const { sql } of indexStatements(at, child)) await context.execute(sql);
}

const alignChild = (context: StepContext, { index }: KeyAt, child: Table, align: Alignment): Promise<void> =>
  alignColumn(context, child, align, index);

const addUnvalidated = (context: StepContext, at: KeyAt): Promise<void> =>
  executeUnchecked(context, unvalidatedSql(at, context.server.flavour));

/** Looks for orphans under a key that is there, and does what the caller chose, until none is left; or refuses. */
async function clearOrphans(
  context: StepContext,
  at: KeyAt,
  live: Schema,
  find: (child: Table) => Promise<Orphans>,
): Promise<void> {
  const child = live.get(at.table);
  if (child === undefined) return;
  for (let idle = 0; ;) {
    await context.goOn?.();
    context.onProgress?.(`look for rows of ${at.table} without ${at.key.parentTable}`);
    const orphans = await find(child);
    if (orphans.rows === 0) return;
    const choice = possibleChoice(child, at.key, context.orphans);
    if (choice === 'report' || idle >= mostIdle) refuseOrphans(child, at.key, live, orphans);
    const settled = await settleOrphans(context, child, at.key, live, choice);
    idle = settled.rows > 0 ? 0 : idle + 1;
  }
}

/** Clears the orphans under the unvalidated key, or a duplicate; where that fails, takes the unvalidated one off. */
async function validate(context: StepContext, at: KeyAt, isUnvalidated: boolean): Promise<void> {
  const { table, key } = at;
  try {
    const live = await readCatalog(context.session, context.server, [table, key.parentTable]);
    if (!live.has(key.parentTable)) {
      throw new ProtectionFlowsError('FK_PARENT_MISSING', {
        message: `table ${key.parentTable} vanished while ${key.name} was being added`,
        remedy: 'Migrate again once the table is there.',
        details: { key: key.name, table },
      });
    }
    await clearOrphans(context, at, live, (child) => findSettledOrphans(context, child, key, live));
  } catch (error) {
    if (isUnvalidated)
      await context.execute(altering(table, '', dropForeignKeySql(unvalidatedName(key))).sql);
    throw error;
  }
}

async function giveOwnName(context: StepContext, at: KeyAt, replaced: readonly string[]): Promise<void> {
  for (const statement of nameSql(at, context.server.flavour, replaced))
    await executeUnchecked(context, statement);
}

/** The keys that give way at step 5: those that are there, and the unvalidated one, which step 3 adds. */
function givingWay({ key }: KeyAt, change: KeyChange): string[] {
  const added = bringing(change)?.how === 'validate' ? [] : [unvalidatedName(key)];
  return [...added, ...replacedBy(change)];
}

async function addKey(context: StepContext, at: KeyAt, before: Schema, state: ToAdd): Promise<void> {
  const { child, change } = state;
  const bring = bringing(change);
  await placeIndex(context, at, child);
  if (bring === null)
    return clearOrphans(context, at, before, (one) => findSettledOrphans(context, one, at.key, before));
  if (bring.how === 'align-then-add') await alignChild(context, at, child, bring.align);
  if (bring.how !== 'validate') await addUnvalidated(context, at);
  const replaced = givingWay(at, change);
  await validate(context, at, replaced.includes(unvalidatedName(at.key)));
  await giveOwnName(context, at, replaced);
}

const assertArguments = declareArguments('addForeignKey', {
  table: identifier,
  key: keyShape,
  index: indexShape,
  options: optionsOf({ replacing: optional(flag) }),
});

/**
 * Adds a foreign key to a table that may hold rows and be in use:
 *
 * 1. `placeIndex` puts the key's index there, where it is missing or stands behind one that weakens the key (MySQL);
 * 2. `alignChild` gives the child column the live parent column's charset and collation, where it has others;
 * 3. `addUnvalidated` adds the key as `<name>_unproven` with foreign_key_checks = 0: that neither reads the rows nor
 *    holds up a writer;
 * 4. `validate` looks for orphans, and does with them what the caller chose. From 3 on the server checks every other
 *    connection, so the answer is final (preflight has looked before, and refused early). Where orphans are to stay, it
 *    takes the key off again and refuses with FK_ORPHAN_ROWS;
 * 5. `giveOwnName` gives the key its own name, in one statement.
 *
 * So a key under its own name has no orphans. Where a run died between 3 and 5, the name that it left tells, and the next
 * run goes on at 4. A key whose parent table does not exist is left for a later migrate. Undoing the step drops the key.
 *
 * @param index the index of the child that the key lives on; put there where it is missing
 * @param options `replacing`: a key from that column to that parent by other rules gives way at 5, and is not refused
 * @throws ProtectionFlowsError VALIDATION_FAILED for arguments that are none, an index that does not begin with the key's
 * column, a key of more than one column
 */
export function addForeignKey(
  table: string,
  key: ForeignKey,
  index: Index,
  options: { readonly replacing?: boolean | undefined } = {},
): Step {
  assertArguments({ table, key, index, options });
  if (index.columns[0]?.name !== key.columns[0])
    throw argumentsRefused('addForeignKey', [
      {
        field: 'index',
        constraints: { begins: `index must begin with ${key.columns[0]}, where the key starts` },
      },
    ]);
  const at: KeyAt = { table, key, index };
  return {
    title: `add foreign key ${key.name}`,
    tables: [table, key.parentTable],
    foreignKey: { table, key },
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, foreignKeys: [...shape.foreignKeys, key] })),
    plan(live, server) {
      const state = keyState(table, key, live, options);
      if (state.status === 'refused') refuse(key, state.obstacles[0]);
      if (state.status !== 'to-add') return [];
      const { child, change } = state;
      const bring = bringing(change);
      if (bring === null) return indexStatements(at, child);
      return [
        ...indexStatements(at, child),
        ...(bring.how === 'align-then-add' ? alignmentSql(server, child, bring.align, index) : []),
        unchecked,
        ...(bring.how === 'validate' ? [] : [unvalidatedSql(at, server.flavour)]),
        ...nameSql(at, server.flavour, givingWay(at, change)),
        checked,
      ];
    },
    undo: (live) =>
      [key.name, unvalidatedName(key)]
        .filter((name) => named(live.get(table)?.foreignKeys ?? [], name))
        .map((name) => altering(table, '', dropForeignKeySql(name))),
    async run(context, live) {
      const start = performance.now();
      const state = keyState(table, key, live, options);
      if (state.status === 'deferred') return;
      try {
        if (state.status === 'refused') refuse(key, state.obstacles[0]);
        // Somebody may have made the key by hand, over whatever rows
        if (state.status === 'to-add') await addKey(context, at, live, state);
        else await clearOrphans(context, at, live, (child) => findOrphans(context.session, child, key, live));
      } finally {
        context.onKey?.(key.name, Math.round(performance.now() - start));
      }
    },
  };
}
