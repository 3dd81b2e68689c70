import { declareArguments, optional, options as optionsOf } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { altering, describeIndexColumns, indexSql, online, type Statement } from '../schema/ddl';
import { identifier, indexShape } from '../schema/declared-parts';
import { named, withTable, type Index, type Schema } from '../schema/shape';
import type { Words } from '../server/names';
import { quoteName, select } from '../server/queryable';
import { handMadePart } from './refusals';
import type { Step, StepContext } from './step';

/** The live index of that name. */
function liveIndex(live: Schema, table: string, name: string): Index | undefined {
  return named(live.get(table)?.indexes ?? [], name);
}

/** What an index is, in words: `unique (name)`, `(customer_id, placed_at DESC)`. */
export function describeIndex(index: Index): string {
  return `${index.unique ? 'unique ' : ''}(${describeIndexColumns(index)})`;
}

/** True for indexes over the same columns in the same order, both unique or both not. */
export function sameIndex(left: Index, right: Index): boolean {
  return describeIndex(left) === describeIndex(right);
}

/** True where the other index begins with all columns of this one, in the same order. */
export function isPrefixOf(index: Index, other: Index): boolean {
  const beginning = { ...other, columns: other.columns.slice(0, index.columns.length), unique: index.unique };
  return sameIndex(index, beginning);
}

/** SCHEMA_HAND_MADE for an index that is neither what a step expects nor what it makes. */
const handMadeIndex = (
  table: string,
  expected: Index,
  found: Index | undefined,
  words: Words,
): ProtectionFlowsError =>
  handMadePart(
    {
      ...{ object: 'index', table, name: expected.name, property: 'columns' },
      expected: describeIndex(expected),
      actual: found === undefined ? null : describeIndex(found),
    },
    words,
  );

/** True where the index is there, false where none of its name is; one of another shape is SCHEMA_HAND_MADE. */
function isThere(live: Schema, table: string, index: Index, words: Words): boolean {
  const found = liveIndex(live, table, index.name);
  if (found !== undefined && !sameIndex(found, index)) throw handMadeIndex(table, index, found, words);
  return found !== undefined;
}

const adding = (table: string, index: Index): Statement => altering(table, online, `ADD ${indexSql(index)}`);

const dropSql = ({ name }: Index): string => `DROP INDEX ${quoteName(name)}`;

/** Refuses where a unique index can't come back: rows have come to share its values. */
async function assertUniqueAgain(context: StepContext, table: string, index: Index): Promise<void> {
  const columns = index.columns.map((part) => quoteName(part.name));
  const duplicates = await select(
    context.session,
    `SELECT 1 AS found FROM ${quoteName(table)} WHERE ${columns.map((name) => `${name} IS NOT NULL`).join(' AND ')}
      GROUP BY ${columns.join(', ')} HAVING COUNT(*) > 1 LIMIT 1`,
  );
  if (duplicates.length === 0) return;
  throw new ProtectionFlowsError('ROLLBACK_WOULD_LOSE_ROWS', {
    message: `rows of ${table} have the same ${index.columns.map((part) => part.name).join(', ')}: ${index.name} can't be unique again`,
    consequence: 'Nothing was changed; every row is still there.',
    remedy: `Make them different first. To see them: SELECT ${columns.join(', ')}, COUNT(*) FROM ${quoteName(table)} GROUP BY ${columns.join(', ')} HAVING COUNT(*) > 1;`,
    details: { table, index: index.name },
  });
}

const assertDropIndex = declareArguments('dropIndex', {
  table: identifier,
  index: indexShape,
  options: optionsOf({ coveredBy: optional(indexShape) }),
});

/**
 * Drops an index; done when none of that name is there, and one of another shape than expected is SCHEMA_HAND_MADE.
 * Its undoing adds the index again; a unique one only while no two rows share its values (ROLLBACK_WOULD_LOSE_ROWS).
 *
 * @param options `coveredBy`: a declared index that begins with the same columns and serves in its place, a foreign key
 * too. Where somebody dropped that one, it is added in the same statement.
 */
export function dropIndex(
  table: string,
  index: Index,
  options: { readonly coveredBy?: Index | undefined } = {},
): Step {
  const { coveredBy } = assertDropIndex({ table, index, options }).options;
  return {
    title: `drop index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        indexes: shape.indexes.filter((one) => one.name !== index.name),
        retired: [...(shape.retired ?? []), index],
      })),
    plan(live, _server, words) {
      if (!isThere(live, table, index, words)) return [];
      const isCovered = coveredBy === undefined || isThere(live, table, coveredBy, words);
      const additions = isCovered ? [] : [`ADD ${indexSql(coveredBy)}`];
      return [altering(table, online, ...additions, dropSql(index))];
    },
    undo: (live, _server, words) =>
      !live.has(table) || isThere(live, table, index, words) ? [] : [adding(table, index)],
    async assertUndoable(context, live) {
      const gone = live.has(table) && liveIndex(live, table, index.name) === undefined;
      if (gone && index.unique) await assertUniqueAgain(context, table, index);
    },
  };
}

const assertReplaceIndex = declareArguments('replaceIndex', {
  table: identifier,
  before: indexShape,
  after: indexShape,
});

/**
 * Gives an index other columns under its name, in one statement: a foreign key that needs it is never without. Done
 * when it is as after; any shape but the ones before and after, and its absence, is SCHEMA_HAND_MADE.
 */
export function replaceIndex(table: string, before: Index, after: Index): Step {
  assertReplaceIndex({ table, before, after });
  function statements(live: Schema, from: Index, to: Index, words: Words): Statement[] {
    const found = liveIndex(live, table, before.name);
    if (found !== undefined && sameIndex(found, to)) return [];
    if (found === undefined || !sameIndex(found, from)) throw handMadeIndex(table, from, found, words);
    return [altering(table, online, dropSql(from), `ADD ${indexSql(to)}`)];
  }

  return {
    title: `make index ${table}.${before.name} ${describeIndex(after)}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        indexes: shape.indexes.map((one) => (one.name === before.name ? after : one)),
      })),
    plan: (live, _server, words) => statements(live, before, after, words),
    undo: (live, _server, words) => (live.has(table) ? statements(live, after, before, words) : []),
    async assertUndoable(context, live) {
      const found = liveIndex(live, table, before.name);
      const changes = found !== undefined && sameIndex(found, after);
      if (changes && before.unique) await assertUniqueAgain(context, table, before);
    },
  };
}

const assertAddIndex = declareArguments('addIndex', { table: identifier, index: indexShape });

/** Adds an index; done when one of that name and shape is there. Its undoing drops it. */
export function addIndex(table: string, index: Index): Step {
  assertAddIndex({ table, index });
  return {
    title: `add index ${table}.${index.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, indexes: [...shape.indexes, index] })),
    plan: (live, _server, words) => (isThere(live, table, index, words) ? [] : [adding(table, index)]),
    undo: (live) => (liveIndex(live, table, index.name) ? [altering(table, online, dropSql(index))] : []),
  };
}
