import { errnoOf } from '../server/queryable';
import type { Difference } from '../schema/compare';
import { altering, copying, creating, expectedText, online, otherSql, type Statement } from '../schema/ddl';
import { type Column, type Schema, type Table, named } from '../schema/shape';
import type { Repair, RepairTarget, TableChange } from './repair';
import { alterCopying, alterOnline, copyRefused, readTableSize } from '../steps/alter-table';
import { readCatalog } from '../schema/catalog/read-catalog';
import { withRowSettings } from '../server/row-transaction';
import type { Server } from '../server/server';
import type { StepContext } from '../steps/step';
import { fillRows, fillsOf, fillSql, type NeededFills } from './fill-rows';
import { reshapedIndexes } from './index-changes';
import { repairableDifferences, tableChanges, wantedColumn, type Comments } from './table-changes';

/** Creates a declared table as all migrations together make it, without foreign keys. Does nothing where it exists. */
export function createMissingTable(
  declared: Schema,
  table: Table,
  differences: readonly Difference[],
): Repair {
  const textOf = (live: Schema) => (column: Column) => expectedText(declared, table, column, live);
  return {
    title: `create table ${table.name}`,
    tables: [table.name, ...table.foreignKeys.map((key) => key.parentTable)],
    creates: table.name,
    differences,
    rows: 0,
    declare(schema) {
      const columns = table.columns.map((column) => ({ ...column, ...(textOf(schema)(column) ?? {}) }));
      return new Map(schema).set(table.name, { ...table, columns, foreignKeys: [] });
    },
    plan: (live) => (live.has(table.name) ? [] : [creating(table, textOf(live))]),
    undo: () => [],
  };
}

/** What a survey found out about a table to be reshaped, and about its rows. */
interface Reshaping extends NeededFills {
  readonly differences: readonly Difference[];
  readonly comments: Comments;
  /** Objects that stay as they are, because their owner decides about them. */
  readonly decided: ReadonlySet<string>;
}

/** Under NO_ZERO_DATE every ALTER of a table with '0000-00-00' in a row or a default fails (1067, 1292). */
const laxMode = otherSql(
  "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
);

/** True for the servers' errors about a NULL, which was then written between the UPDATE and the ALTER. */
const isNullFault = (error: unknown): boolean => [1048, 1138, 1263, 1265].includes(errnoOf(error) ?? 0);
const maxAttempts = 3;

/**
 * Makes all changes in one statement, online or by a copy. Where the table has too many rows to copy, makes those changes
 * that the server can make online, one by one.
 *
 * @throws ProtectionFlowsError TABLE_COPY_REFUSED with the changes that are left
 */
async function applyChanges(
  context: StepContext,
  table: string,
  changes: readonly TableChange[],
): Promise<void> {
  const clauses = changes.map(({ clause }) => clause);
  if (await alterOnline(context, table, clauses)) return;
  const size = await readTableSize(context.session, table, context.copyLimitRows);
  const describe = (some: readonly TableChange[]): string => some.map(({ what }) => what).join(', ');
  if (size.rows <= context.copyLimitRows) {
    const what = changes.length > 3 ? `make ${changes.length} changes` : describe(changes);
    return alterCopying(context, table, clauses, { size, what });
  }
  const left: TableChange[] = [];
  for (const change of changes.length > 1 ? changes : []) {
    if (!(await alterOnline(context, table, [change.clause]))) left.push(change);
  }
  if (changes.length > 1 && left.length === 0) return;
  const what = describe(left.length > 0 ? left : changes);
  throw copyRefused(table, size, context.copyLimitRows, what, context.owner.words);
}

/** Groups changes by statement: as few statements as the servers accept. */
export function statementsOf(changes: readonly TableChange[]): TableChange[][] {
  return [true, false]
    .map((adds) => changes.filter(({ addsColumn = false }) => addsColumn === adds))
    .filter((some) => some.length > 0);
}

function plannedAlter(table: string, changes: readonly TableChange[]): Statement {
  const how = changes.some(({ copies }) => copies) ? copying : online;
  return altering(table, how, ...changes.map(({ clause }) => clause));
}

/** The table after reshaping: its declared objects, and the undeclared ones that stay. */
export function reshaped(target: Omit<RepairTarget, 'server'>): Table {
  const { table, found } = target;
  return {
    ...table,
    columns: [
      ...table.columns.map((column) => wantedColumn(target, column)),
      ...found.columns
        .filter(({ name }) => !named(table.columns, name))
        .map((column) => ({ ...column, nullable: column.nullable || column.default === null })),
    ],
    indexes: reshapedIndexes(target),
    foreignKeys: found.foreignKeys,
    ...(found.unguarded === undefined ? {} : { unguarded: found.unguarded }),
  };
}

/**
 * Gives a live table its declared shape, without foreign keys. Fills the rows that the declared definition would refuse,
 * changes the definition in as few statements as the server allows, then clears the values that only the new definition
 * lets be NULL. Undeclared columns stay, and so do undeclared indexes that `indexChanges` does not name.
 *
 * It decides from the live table and its rows what is left to do, so the next run finishes one that crashed.
 */
export function reshapeTable(declared: Schema, table: Table, reshaping: Reshaping): Repair {
  const { differences, comments, fills, rows, zeros, decided } = reshaping;
  const tables = [...new Set([table.name, ...table.foreignKeys.map((key) => key.parentTable)])];

  const changesOf = (target: RepairTarget): TableChange[] =>
    tableChanges(target, repairableDifferences(target, decided), comments);

  function targetIn(live: Schema, server: Server): RepairTarget | null {
    const found = live.get(table.name);
    return found === undefined ? null : { declared, table, live, found, server };
  }

  const needsLaxMode = (found: Table): boolean =>
    zeros || found.columns.some((column) => column.default?.startsWith("'0000-00-00"));

  return {
    title: `bring ${table.name} to its declared shape`,
    tables,
    differences,
    rows,
    needs: () => (rows > 0 ? [{ privilege: 'UPDATE', table: table.name }] : []),
    declare(schema) {
      const found = schema.get(table.name);
      const target = found && { declared, table, live: schema, found };
      return new Map(schema).set(table.name, target ? reshaped(target) : { ...table, foreignKeys: [] });
    },
    plan(live, server) {
      const target = targetIn(live, server);
      if (target === null) return [];
      const changes = changesOf(target);
      const statements = [
        ...(fills.before.length > 0 ? [otherSql(fillSql(target.found, fills.before))] : []),
        ...statementsOf(changes).map((some) => plannedAlter(table.name, some)),
        ...(fills.after.length > 0 ? [otherSql(fillSql(reshaped(target), fills.after))] : []),
      ];
      return statements.length > 0 && needsLaxMode(target.found) ? [laxMode, ...statements] : statements;
    },
    undo: () => [],
    async run(context, live) {
      const { session, server } = context;
      await withRowSettings(session, async () => {
        let target = targetIn(live, server);
        for (let attempt = 1; target !== null; attempt += 1) {
          await fillRows(context, target.found, fillsOf(table, target.found).before);
          const changes = changesOf(target);
          try {
            for (const some of statementsOf(changes)) await applyChanges(context, table.name, some);
            break;
          } catch (error) {
            if (!isNullFault(error) || attempt >= maxAttempts) throw error;
          }
          target = targetIn(await readCatalog(session, server, tables), server);
        }
        const now = targetIn(await readCatalog(session, server, tables), server);
        if (now !== null) await fillRows(context, now.found, fillsOf(table, now.found).after);
      });
    },
  };
}
