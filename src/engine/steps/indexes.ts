import { declareArguments, optional, options as optionsOf } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { altering, describeIndexColumns, indexSql, online, type Statement } from '../schema/ddl';
import { identifier, indexShape } from '../schema/declared-parts';
import { named, withTable, type Index, type Schema } from '../schema/shape';
import type { Words } from '../server/names';
import { quoteName, select } from '../server/queryable';
import { handMadePart } from './refusals';
import type { Step, StepContext } from './step';

/** Finds a live index; undefined where it is missing. */
function liveIndex(live: Schema, table: string, name: string): Index | undefined {
  return named(live.get(table)?.indexes ?? [], name);
}

/** An index in words: `unique (name)`, `(customer_id, placed_at DESC)`. */
export function describeIndex(index: Index): string {
  return `${index.unique ? 'unique ' : ''}(${describeIndexColumns(index)})`;
}

/** True for indexes on the same columns in the same order, both unique or both not. */
export function sameIndex(left: Index, right: Index): boolean {
  return describeIndex(left) === describeIndex(right);
}

/** True where the other index begins with all columns of this one, in the same order. */
export function isPrefixOf(index: Index, other: Index): boolean {
  const beginning = { ...other, columns: other.columns.slice(0, index.columns.length), unique: index.unique };
  return sameIndex(index, beginning);
}

/** SCHEMA_HAND_MADE for an index that is neither as a step expects it nor as the step makes it. */
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

/** True where the index exists, false where no index has its name. Throws SCHEMA_HAND_MADE for another shape. */
function isThere(live: Schema, table: string, index: Index, words: Words): boolean {
  const found = liveIndex(live, table, index.name);
  if (found !== undefined && !sameIndex(found, index)) throw handMadeIndex(table, index, found, words);
  return found !== undefined;
}

const adding = (table: string, index: Index): Statement => altering(table, online, `ADD ${indexSql(index)}`);

const dropSql = ({ name }: Index): string => `DROP INDEX ${quoteName(name)}`;

/** Refuses to restore a unique index where rows have the same values. */
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
    consequence: 'Nothing was changed.',
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
 * Drops an index. Does nothing where no index has that name; another shape than expected is SCHEMA_HAND_MADE. Undoing adds
 * the index again; a unique index only while no two rows have the same values (ROLLBACK_WOULD_LOSE_ROWS).
 *
 * @param options `coveredBy`: a declared index that begins with the same columns and replaces the dropped one, for foreign
 * keys too. If somebody has dropped it, the same statement adds it.
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
 * Gives an index other columns under its name, in one statement, so that a foreign key always has its index. Does nothing
 * where the index is as `after`; a missing index, or any shape but `before` and `after`, is SCHEMA_HAND_MADE.
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

/** Adds an index; does nothing where it exists. Another shape under its name is SCHEMA_HAND_MADE. Undoing drops it. */
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
