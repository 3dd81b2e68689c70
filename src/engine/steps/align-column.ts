import { alterTable, isNotOnline } from './alter-table';
import { altering, indexSql, online, type Statement, type TextSettings } from '../schema/ddl';
import { checksAnEnum, modifyClause, plannedModify, type ColumnChange } from './modify-column';
import { errnoOf, quoteName } from '../server/queryable';
import type { Server } from '../server/server';
import type { Column, Index, Table } from '../schema/shape';
import type { StepContext } from './step';

/** A column that is to get the charset and collation of the column it refers to. */
export interface Alignment {
  readonly column: Column;
  readonly text: TextSettings;
}

/** ER_DROP_INDEX_FK_CONSTRAINT: another key lives on the index. */
const neededByKey = 1553;

const changeOf = ({ column, text }: Alignment): ColumnChange => ({
  from: column,
  to: { ...column, ...text },
});

/**
 * True where the index is to be taken off and put back around the change: MySQL changes the collation of a column
 * online only where no index holds it. Only the key's own index: another would be lost with a run that dies.
 */
function goesAroundIndex(server: Server, table: Table, { column, text }: Alignment, own: Index): boolean {
  const holding = table.indexes.filter((index) => index.columns.some((part) => part.name === column.name));
  return (
    server.flavour === 'mysql' &&
    column.charset === text.charset &&
    holding.length === 1 &&
    holding[0]?.name === own.name &&
    !table.primaryKey.includes(column.name) &&
    !checksAnEnum(table)
  );
}

const dropSql = (table: Table, own: Index): Statement =>
  altering(table.name, online, `DROP INDEX ${quoteName(own.name)}`);
const addSql = (table: Table, own: Index): Statement => altering(table.name, online, `ADD ${indexSql(own)}`);

/** The statements that align the column, as planned. Pure. */
export function alignmentSql(server: Server, table: Table, alignment: Alignment, own: Index): Statement[] {
  if (!goesAroundIndex(server, table, alignment, own))
    return [plannedModify(server, table, changeOf(alignment))];
  const bare = { ...table, indexes: [] };
  return [dropSql(table, own), plannedModify(server, bare, changeOf(alignment)), addSql(table, own)];
}

/**
 * Aligns the column. A run that dies between the statements leaves the index to be put back by the next.
 *
 * @param own the index that the key lives on
 * @throws ProtectionFlowsError TABLE_COPY_REFUSED
 */
export async function alignColumn(
  context: StepContext,
  table: Table,
  alignment: Alignment,
  own: Index,
): Promise<void> {
  const change = (): Promise<void> =>
    alterTable(
      context,
      table.name,
      [modifyClause(changeOf(alignment))],
      `give ${table.name}.${alignment.column.name} the collation ${alignment.text.collation}`,
    );
  if (!goesAroundIndex(context.server, table, alignment, own)) return change();
  try {
    await context.execute(dropSql(table, own).sql);
  } catch (error) {
    if (!isNotOnline(error) && errnoOf(error) !== neededByKey) throw error;
    return change();
  }
  try {
    await change();
  } finally {
    await context.execute(addSql(table, own).sql);
  }
}
