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
import { keyState, unvalidatedName, type KeyObstacle, type KeyState } from './key-state';
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

/** How many times in a row a scan may find orphans that are gone before they can be changed. */
const mostIdle = 20;

/** A key to add, its table, and the index that it uses. */
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
    remedy: `Restore the missing parent rows, or migrate with ${orphanChoicesFor(child, key)
      .filter(({ isPossible }) => isPossible)
      .map(({ choice, does }) => `--orphans=${choice} (${does})`)
      .join(' or ')}. To see them: ${orphansSql(child, key, live)};`,
    details: { key: key.name, table: child.name, ...orphans },
  });
}

/**
 * The statements that add the key's index, unless the table has it, or an index that a later migration put in its place.
 * (Without one, the server would create an index itself.) Also moves the index ahead of others with which MySQL skips the
 * check of some rows.
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
 * The statement that gives the key its own name and drops the replaced ones, so that a key checks the rows at every moment.
 * Two statements where a replaced key has that name: no server takes DROP and ADD of one name in one statement (1826).
 *
 * @param replaced the keys to drop
 */
function nameSql({ table, key }: KeyAt, flavour: Flavour, replaced: readonly string[]): Statement[] {
  const others = replaced.filter((name) => name !== key.name);
  return [
    ...(others.length < replaced.length ? [altering(table, online, dropForeignKeySql(key.name))] : []),
    altering(table, online, `ADD ${foreignKeySql(key, flavour)}`, ...others.map(dropForeignKeySql)),
  ];
}

/** Executes with foreign_key_checks = 0: the server neither reads nor locks the rows, and no writer waits. */
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

/** Clears orphans under a live key as the caller chose, until none is left; or refuses. */
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

/** Clears the orphans under the unvalidated key or a duplicate. On failure, drops the unvalidated key. */
async function validate(context: StepContext, at: KeyAt, isUnvalidated: boolean): Promise<void> {
  const { table, key } = at;
  try {
    const live = await readCatalog(context.session, context.server, [table, key.parentTable]);
    if (!live.has(key.parentTable)) {
      throw new ProtectionFlowsError('FK_PARENT_MISSING', {
        message: `table ${key.parentTable} was dropped while ${key.name} was being added`,
        remedy: 'Migrate again once the table exists.',
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

/** The keys that step 5 drops: the replaced ones, and the unvalidated one, which step 3 adds. */
const droppedLast = ({ key }: KeyAt, { change, replaced }: ToAdd): readonly string[] =>
  change.how === 'validate' ? replaced : [unvalidatedName(key), ...replaced];

async function addKey(context: StepContext, at: KeyAt, before: Schema, state: ToAdd): Promise<void> {
  const { child, change } = state;
  await placeIndex(context, at, child);
  if (change.how === 'index-only')
    return clearOrphans(context, at, before, (one) => findSettledOrphans(context, one, at.key, before));
  if (change.how === 'align-then-add') await alignChild(context, at, child, change.align);
  if (change.how !== 'validate') await addUnvalidated(context, at);
  const dropped = droppedLast(at, state);
  await validate(context, at, dropped.includes(unvalidatedName(at.key)));
  await giveOwnName(context, at, dropped);
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
 * 1. `placeIndex` adds the key's index where it is missing, or moves it ahead of an index that weakens the key (MySQL);
 * 2. `alignChild` gives the child column the charset and collation of the live parent column, where they differ;
 * 3. `addUnvalidated` adds the key as `<name>_unproven` with foreign_key_checks = 0. The server then reads no row and
 *    blocks no writer;
 * 4. `validate` looks for orphans, and treats them as the caller chose. From 3 on the server checks the writes of every
 *    other connection, so the result is final. (Preflight has looked before, to refuse early.) If orphans are to stay, it
 *    drops the key and refuses with FK_ORPHAN_ROWS;
 * 5. `giveOwnName` gives the key its own name.
 *
 * So a key under its own name has no orphans. If a run dies between 3 and 5, the next run sees it by the key's name, and
 * goes on at 4. A key whose parent table does not exist is left for a later migrate. Undoing the step drops the key.
 *
 * @param index the child's index that the key uses; added where it is missing
 * @param options `replacing`: a key with other rules from that column to that parent is replaced at 5, not refused
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments, an index that does not begin with the key's column,
 * a key of more than one column
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
        constraints: { begins: `index must begin with ${key.columns[0]}, the key's column` },
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
      if (change.how === 'index-only') return indexStatements(at, child);
      return [
        ...indexStatements(at, child),
        ...(change.how === 'align-then-add' ? alignmentSql(server, child, change.align, index) : []),
        unchecked,
        ...(change.how === 'validate' ? [] : [unvalidatedSql(at, server.flavour)]),
        ...nameSql(at, server.flavour, droppedLast(at, state)),
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
        // A key that somebody added by hand may have orphans
        if (state.status === 'to-add') await addKey(context, at, live, state);
        else await clearOrphans(context, at, live, (child) => findOrphans(context.session, child, key, live));
      } finally {
        context.onKey?.(key.name, Math.round(performance.now() - start));
      }
    },
  };
}
