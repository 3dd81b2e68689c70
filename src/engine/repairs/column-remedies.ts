import type { Difference } from '../schema/compare';
import { alterSql, columnSql } from '../schema/ddl';
import { named, type Table } from '../schema/shape';
import { quoteName } from '../server/queryable';
import { note, statement, type RemedyPart } from '../steps/remedy';
import { fillsOf, fillSql } from './fill-rows';
import type { RepairTarget } from './repair';
import type { RowQuestion } from './row-decisions';
import { wantedColumn } from './table-changes';

/** What a remedy does about rows that the declared definition does not take, or where to look at them. */
export const questionParts = ({ what, look, unasked }: RowQuestion): RemedyPart[] =>
  unasked === null
    ? [note(`Look first at rows ${what}: ${look ?? ''}`)]
    : [note(`Rows ${what}: ${unasked.does}. To look first: ${look ?? ''}`), ...unasked.sql.map(statement)];

/** Gives a default to the rows with NULL in a column that differs and is to take none. */
export function fillParts({ table, found }: RepairTarget, differences: readonly Difference[]): RemedyPart[] {
  const fills = fillsOf(table, found, false).before.filter(({ column }) =>
    differences.some(({ object, name }) => object === 'column' && name === column),
  );
  return fills.length === 0 ? [] : [statement(fillSql(found, fills))];
}

/** Makes plain columns of computed ones, and adds those, empty, that every row needs; with the table as it is then. */
export function prepareColumns(target: Omit<RepairTarget, 'server'>): {
  readonly parts: readonly RemedyPart[];
  readonly found: Table;
} {
  const { table } = target;
  const parts: RemedyPart[] = [];
  let { found } = target;
  for (const column of table.columns) {
    const { name } = column;
    const live = named(found.columns, name);
    if (live === undefined) {
      parts.push(note(`The values of ${table.name}.${name} are gone; a backup has them.`));
      if (column.nullable || column.default !== null) continue;
      const empty = { ...wantedColumn(target, column), nullable: true };
      parts.push(statement(alterSql(table.name, `ADD ${columnSql(empty)}`)));
      found = { ...found, columns: [...found.columns, empty] };
    } else if (live.extra.includes('virtual')) {
      parts.push(
        note(`${name} is computed; a column with values of its own takes its place.`),
        statement(alterSql(table.name, `DROP COLUMN ${quoteName(name)}`)),
      );
      found = {
        ...found,
        columns: found.columns.filter((one) => one !== live),
        indexes: found.indexes.filter(({ columns }) => !columns.some((part) => part.name === name)),
      };
    } else if (live.extra.includes('generated')) {
      const plain = { ...live, extra: '', nullable: true, default: null };
      parts.push(statement(alterSql(table.name, `MODIFY ${columnSql(plain)}`)));
      found = { ...found, columns: found.columns.map((one) => (one === live ? plain : one)) };
    }
  }
  return { parts, found };
}
