import { declareArguments, options as optionsOf } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { columnType, integerRange, isText, widthOf } from '../schema/column-type';
import { altering, columnSql } from '../schema/ddl';
import { enumOf } from '../schema/declare';
import { columnShape, identifier, listOf, literalText } from '../schema/declared-parts';
import { named, withTable, type Column, type Schema } from '../schema/shape';
import type { Words } from '../server/names';
import { countRows, marks, quoteName, quoteText } from '../server/queryable';
import { alterTable } from './alter-table';
import { modifyClause, plannedModify, type ColumnChange } from './modify-column';
import { assertNoLoss, handMadePart } from './refusals';
import type { Step, StepContext } from './step';

/** Finds a live column; undefined where it is missing. */
export function liveColumn(live: Schema, table: string, name: string): Column | undefined {
  return named(live.get(table)?.columns ?? [], name);
}

/** A column's definition in words, without charset and collation: a key's parent may have decided those. */
export function describeColumn(column: Column): string {
  return [
    column.type,
    column.nullable ? 'NULL' : 'NOT NULL',
    column.default === null ? '' : `DEFAULT ${column.default}`,
    column.onUpdateNow ? 'ON UPDATE current_timestamp' : '',
    column.extra,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** True for columns with the same definition, charset and collation aside. */
export function sameColumn(left: Column, right: Column): boolean {
  return describeColumn(left) === describeColumn(right);
}

/** SCHEMA_HAND_MADE for a column that is neither as a step expects it nor as the step makes it. */
const handMadeColumn = (
  table: string,
  expected: Column,
  found: Column | undefined,
  words: Words,
): ProtectionFlowsError =>
  handMadePart(
    {
      ...{ object: 'column', table, name: expected.name, property: 'definition' },
      expected: describeColumn(expected),
      actual: found === undefined ? null : describeColumn(found),
    },
    words,
  );

const textBytes: Readonly<Record<string, number>> = { tinytext: 255, text: 65_535, mediumtext: 16_777_215 };

function lengthCondition(name: string, type: string): string | null {
  const characters = isText(type) ? widthOf(type) : Infinity;
  if (characters !== Infinity) return `CHAR_LENGTH(${name}) > ${characters}`;
  const bytes = textBytes[type];
  return bytes === undefined ? null : `LENGTH(${name}) > ${bytes}`;
}

/** An SQL condition for values that another definition of the column does not accept; null where it accepts all. */
export function misfitCondition(from: Column, to: Column): string | null {
  const name = quoteName(from.name);
  const conditions: string[] = [];
  if (from.nullable && !to.nullable) conditions.push(`${name} IS NULL`);
  if (from.type !== to.type) {
    const range = integerRange(to.type);
    const { name: kind, values } = columnType(to.type);
    const tooLong = lengthCondition(name, to.type);
    if (range !== null) conditions.push(`${name} NOT BETWEEN ${range.least} AND ${range.greatest}`);
    if (kind === 'enum') conditions.push(`${name} NOT IN (${values.join(',')})`);
    if (tooLong !== null) conditions.push(tooLong);
  }
  return conditions.length === 0 ? null : conditions.join(' OR ');
}

/** An SQL condition for rows in which somebody set the column. */
function writtenCondition(column: Column): string {
  const name = quoteName(column.name);
  const value = column.default;
  if (value?.startsWith("'") !== true) return `${name} IS NOT NULL`;
  // Compares bytes: in the column's collation, 'System' may equal the default 'system'
  return isText(column.type)
    ? `NOT (CAST(${name} AS BINARY) <=> CAST(${value} AS BINARY))`
    : `NOT (${name} <=> ${value})`;
}

const assertAddColumn = declareArguments('addColumn', { table: identifier, column: columnShape });

/**
 * Adds a column after the others. Does nothing where the table has a column of that name and definition; another definition
 * is SCHEMA_HAND_MADE. Undoing drops the column. It refuses while a row holds a value in the column, which is anything but
 * NULL and a literal default (ROLLBACK_WOULD_LOSE_ROWS).
 *
 * The default may not be an expression such as uuid(): MySQL with a binary log refuses to add such a column (1674,
 * https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html), because each replica would compute other values.
 */
export function addColumn(table: string, column: Column): Step {
  assertAddColumn({ table, column });
  return {
    title: `add column ${table}.${column.name}`,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({ ...shape, columns: [...shape.columns, column] })),
    plan(live, _server, words) {
      const found = liveColumn(live, table, column.name);
      if (found === undefined) return [altering(table, '', `ADD ${columnSql(column, null)}`)];
      if (sameColumn(found, column)) return [];
      throw handMadeColumn(table, column, found, words);
    },
    undo: (live) =>
      liveColumn(live, table, column.name) === undefined
        ? []
        : [altering(table, '', `DROP COLUMN ${quoteName(column.name)}`)],
    async assertUndoable(context, live) {
      if (liveColumn(live, table, column.name) === undefined) return;
      await assertNoLoss(context, { table, column: column.name, condition: writtenCondition(column) });
    },
  };
}

/** A change of a column in place that can be undone. */
interface ChangeInPlace {
  readonly title: string;
  readonly table: string;
  readonly name: string;
  /** Applies the change to the declared column. */
  declare(column: Column): Column;
  /** The change of the live column that the step, or its undoing, still has to make; null for none. */
  changeTo(end: 'after' | 'before', found: Column | undefined, words: Words): ColumnChange | null;
  /** Throws where a row's value would not survive the change. */
  assertDoable?(context: StepContext): Promise<void>;
  /** Throws where a row's value would not survive the undoing. */
  assertUndoable(context: StepContext, found: Column): Promise<void>;
}

function changeInPlace(step: ChangeInPlace): Step {
  const { title, table, name } = step;
  return {
    title,
    tables: [table],
    declare: (schema) =>
      withTable(schema, table, (shape) => ({
        ...shape,
        columns: shape.columns.map((column) => (column.name === name ? step.declare(column) : column)),
      })),
    plan(live, server, words) {
      const change = step.changeTo('after', liveColumn(live, table, name), words);
      const shape = live.get(table);
      return change && shape ? [plannedModify(server, shape, change)] : [];
    },
    undo(live, _server, words) {
      const found = liveColumn(live, table, name);
      const change = found && step.changeTo('before', found, words);
      return change ? [altering(table, '', modifyClause(change))] : [];
    },
    async run(context, live) {
      const change = step.changeTo('after', liveColumn(live, table, name), context.owner.words);
      if (change === null) return;
      await step.assertDoable?.(context);
      await alterTable(context, table, [modifyClause(change)], title);
    },
    async assertUndoable(context, live) {
      const found = liveColumn(live, table, name);
      if (found !== undefined) await step.assertUndoable(context, found);
    },
  };
}

/** Refuses a definition that does not accept some of the column's values. */
async function assertFits(
  context: StepContext,
  table: string,
  change: { readonly from: Column; readonly to: Column },
  code: 'PREFLIGHT_FAILED' | 'ROLLBACK_WOULD_LOSE_ROWS',
): Promise<void> {
  const { from, to } = change;
  const condition = misfitCondition(from, to);
  if (condition === null) return;
  const rows = await countRows(context.session, quoteName(table), condition);
  if (rows === 0) return;
  throw new ProtectionFlowsError(code, {
    message: `${rows} row${rows === 1 ? '' : 's'} of ${table} ${rows === 1 ? 'holds' : 'hold'} a ${from.name} that ${describeColumn(to)} does not accept`,
    consequence: 'The column was left as it is; no row was touched.',
    remedy: `Give those rows another value first. To see them: SELECT * FROM ${quoteName(table)} WHERE ${condition};`,
    details: { table, column: from.name, rows },
  });
}

const assertChangeColumn = declareArguments('changeColumn', {
  table: identifier,
  before: columnShape,
  after: columnShape,
});

/**
 * Changes a column's type, default or nullability in place, and keeps its charset and collation. Does nothing where the
 * column is as `after`; any definition but `before` and `after` is SCHEMA_HAND_MADE. Both directions refuse while the new
 * definition does not accept a row's value (PREFLIGHT_FAILED; when undoing, ROLLBACK_WOULD_LOSE_ROWS). A strict server
 * would refuse too; a lax server would cut the value.
 */
export function changeColumn(table: string, before: Column, after: Column): Step {
  assertChangeColumn({ table, before, after });
  return changeInPlace({
    title: `change column ${table}.${before.name} to ${describeColumn(after)}`,
    table,
    name: before.name,
    declare(column) {
      const { charset, collation } = isText(after.type) ? column : after;
      return { ...after, charset, collation };
    },
    changeTo(end, found, words) {
      const [from, to] = end === 'after' ? [before, after] : [after, before];
      if (found !== undefined && sameColumn(found, to)) return null;
      if (found === undefined || !sameColumn(found, from)) throw handMadeColumn(table, from, found, words);
      const { charset, collation } = found;
      return { from: found, to: { ...to, charset, collation } };
    },
    assertDoable: (context) => assertFits(context, table, { from: before, to: after }, 'PREFLIGHT_FAILED'),
    async assertUndoable(context, found) {
      if (sameColumn(found, after))
        await assertFits(context, table, { from: after, to: before }, 'ROLLBACK_WOULD_LOSE_ROWS');
    },
  });
}

const assertAppend = declareArguments('appendEnumValues', {
  table: identifier,
  column: identifier,
  change: optionsOf({ from: listOf(literalText, 'value'), add: listOf(literalText, 'value') }),
});

/**
 * Appends values to an ENUM. Does nothing where the column has them; any other list than the one before or after is
 * SCHEMA_HAND_MADE. Undoing removes the values, and refuses while a row holds one (ENUM_VALUE_IN_USE). Under a strict
 * sql_mode the server would refuse too; under a lax one it would blank the rows.
 */
export function appendEnumValues(
  table: string,
  column: string,
  change: { readonly from: readonly string[]; readonly add: readonly string[] },
): Step {
  assertAppend({ table, column, change });
  const types = { before: enumOf(...change.from), after: enumOf(...change.from, ...change.add) };
  return changeInPlace({
    title: `let ${table}.${column} be ${change.add.join(', ')}`,
    table,
    name: column,
    declare: (one) => ({ ...one, type: types.after }),
    changeTo(end, found, words) {
      const { type: actual = null } = found ?? {};
      if (actual === types[end]) return null;
      if (found && (actual === types.before || actual === types.after))
        return { from: found, to: { ...found, type: types[end] } };
      const part = { object: 'column', table, name: column, property: 'type' } as const;
      throw handMadePart({ ...part, expected: types.before, actual }, words);
    },
    async assertUndoable({ session }) {
      const [of, name] = [quoteName(table), quoteName(column)];
      const [another = ''] = change.from.includes('error') ? ['error'] : change.from;
      const rows = await countRows(session, of, `${name} IN (${marks(change.add)})`, [...change.add]);
      if (rows === 0) return;
      throw new ProtectionFlowsError('ENUM_VALUE_IN_USE', {
        message: `${rows} row${rows === 1 ? ' has' : 's have'} ${table}.${column} = ${change.add.join(' or ')}`,
        remedy: `Give those rows another value first, for instance: UPDATE ${of} SET ${name} = ${quoteText(another)} WHERE ${name} IN (${change.add.map(quoteText).join(', ')});`,
        details: { table, column, values: change.add, rows },
      });
    },
  });
}
