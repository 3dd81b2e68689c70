import { ProtectionFlowsError } from '../../errors';
import { readCatalog } from '../schema/catalog/read-catalog';
import { isGuard } from '../schema/guarded-columns';
import { guardSql } from './guard-index';
import {
  altering,
  dropForeignKeySql,
  foreignKeySql,
  indexSql,
  online,
  otherSql,
  type Statement,
} from '../schema/ddl';
import { keyState, unprovenName, type KeyObstacle, type KeyState } from './key-state';
import { orphanChoicesFor, possibleChoice, settleOrphans } from '../orphans/settle-orphans';
import { findOrphans, orphansSql, type Orphans, findSettledOrphans } from '../orphans/find-orphans';
import type { Flavour } from '../server/server';
import { named, withTable, type ForeignKey, type Index, type Schema, type Table } from '../schema/shape';
import type { Step, StepContext } from './step';
import { isPrefixOf } from './indexes';
import { alignColumn, alignmentSql } from './align-column';

const unchecked = otherSql('SET SESSION foreign_key_checks = 0');
const checked = otherSql('SET SESSION foreign_key_checks = 1');

/** How often orphans may be found of which none is there any more when they are to be settled. */
const mostIdle = 20;

/** A key that is to be added, where, and the index that it lives on. */
interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
  readonly index: Index;
}

type ToAdd = Extract<KeyState, { status: 'to-add' }>;
type GivingWay = Pick<ToAdd, 'twins' | 'replaced'>;

function refuse(key: ForeignKey, obstacle: KeyObstacle): never {
  throw new ProtectionFlowsError(obstacle.code, {
    message: obstacle.message,
    remedy: obstacle.remedy,
    details: { key: key.name, table: obstacle.table },
  });
}

function refuseOrphans(child: Table, key: ForeignKey, live: Schema, orphans: Orphans): never {
  throw new ProtectionFlowsError('FK_ORPHAN_ROWS', {
    message: `${orphans.rows} row${orphans.rows === 1 ? '' : 's'} of ${child.name} name a ${key.parentTable} that does not exist, for instance ${key.columns[0]} = '${orphans.sample[0] ?? ''}'`,
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

const addUnprovenSql = ({ table, key }: KeyAt, flavour: Flavour): Statement =>
  altering(table, online, `ADD ${foreignKeySql({ ...key, name: unprovenName(key) }, flavour)}`);

/**
 * What gives the key its own name, so that at no moment nothing guards the rows: in one statement; in two where that
 * name has to be freed first, as neither server takes DROP and ADD of one name together (1826), while a twin stands.
 */
function proveSql({ table, key }: KeyAt, flavour: Flavour, { twins, replaced }: GivingWay): Statement[] {
  const [freed, others] = [true, false].map((isOwn) =>
    replaced.filter((name) => (name === key.name) === isOwn).map(dropForeignKeySql),
  );
  const drops = [...twins.map(dropForeignKeySql), ...(others ?? [])];
  return [
    ...(freed ?? []).map((drop) => altering(table, online, drop)),
    altering(table, online, `ADD ${foreignKeySql(key, flavour)}`, ...drops),
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

/** Looks for orphans under a key that stands; carries out what the caller chose for them, or refuses, until none is left. */
async function settle(
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

/** Looks at the rows under the key that stands; puts the key under its own name, or takes it off again. */
async function prove(context: StepContext, at: KeyAt, givingWay: GivingWay): Promise<void> {
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
    await settle(context, at, live, (child) => findSettledOrphans(context, child, key, live));
  } catch (error) {
    if (givingWay.twins.includes(unprovenName(key)))
      await context.execute(altering(table, '', dropForeignKeySql(unprovenName(key))).sql);
    throw error;
  }
  for (const statement of proveSql(at, context.server.flavour, givingWay))
    await executeUnchecked(context, statement);
}

async function addKey(context: StepContext, at: KeyAt, before: Schema, state: ToAdd): Promise<void> {
  const { key, index } = at;
  for (const { sql } of indexStatements(at, state.child)) await context.execute(sql);
  if (state.standing)
    return settle(context, at, before, (child) => findSettledOrphans(context, child, key, before));
  if (state.twins.length > 0) return prove(context, at, state);
  if (state.align !== null) await alignColumn(context, state.child, state.align, index);
  await executeUnchecked(context, addUnprovenSql(at, context.server.flavour));
  await prove(context, at, { ...state, twins: [unprovenName(key)] });
}

/**
 * Adds a foreign key to a table that may hold rows and be in use:
 *
 * 1. puts the key's index there, where it is missing or stands behind one that weakens the key (MySQL);
 * 2. gives the child column the live parent column's charset and collation, where it has others;
 * 3. adds the key as `<name>_unproven` with foreign_key_checks = 0, which neither reads the rows nor holds up a writer;
 * 4. looks for orphans, and does with them what the caller chose: from 3 on every other connection is checked, so this
 *    answer is final (whoever migrates has looked before, and refused early: preflight);
 * 5. gives the key its own name, in one statement; or takes it off again where there are orphans, and refuses with
 *    FK_ORPHAN_ROWS.
 *
 * So a key under its own name has no orphans, and a run that died between 3 and 5 is known by the name that it left:
 * the next goes on at 4. A key whose parent table does not exist is left for a later migrate. Its undoing drops the key.
 *
 * @param index the index of the child that the key lives on; put there where it is missing
 * @param options `replacing`: a key from that column to that parent by other rules gives way at 5, and is not refused
 */
export function addForeignKey(
  table: string,
  key: ForeignKey,
  index: Index,
  options: { readonly replacing?: boolean | undefined } = {},
): Step {
  const at: KeyAt = { table, key, index };
  return {
    title: `add foreign key ${key.name}`,
    tables: [table, key.parentTable],
    foreignKey: { table, key },
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, foreignKeys: [...shape.foreignKeys, key] })),
    plan(live, server) {
      const state = keyState(table, key, live, options);
      if (state.status === 'refused') refuse(key, state.obstacle);
      if (state.status !== 'to-add') return [];
      const { child, align, twins, replaced, standing } = state;
      if (standing) return indexStatements(at, child);
      const own = [unprovenName(key)];
      const fresh = [
        ...(align ? alignmentSql(server, child, align, index) : []),
        unchecked,
        addUnprovenSql(at, server.flavour),
      ];
      return [
        ...indexStatements(at, child),
        ...(twins.length === 0 ? fresh : [unchecked]),
        ...proveSql(at, server.flavour, { twins: twins.length === 0 ? own : twins, replaced }),
        checked,
      ];
    },
    undo: (live) =>
      [key.name, unprovenName(key)]
        .filter((name) => named(live.get(table)?.foreignKeys ?? [], name))
        .map((name) => altering(table, '', dropForeignKeySql(name))),
    async run(context, live) {
      const start = performance.now();
      const state = keyState(table, key, live, options);
      if (state.status === 'deferred') return;
      try {
        if (state.status === 'refused') refuse(key, state.obstacle);
        // One that stands under its own name may have been made by hand, over whatever rows
        if (state.status === 'to-add') await addKey(context, at, live, state);
        else await settle(context, at, live, (child) => findOrphans(context.session, child, key, live));
      } finally {
        context.onKey?.(key.name, Math.round(performance.now() - start));
      }
    },
  };
}
