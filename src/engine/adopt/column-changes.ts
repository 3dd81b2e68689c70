import type { Difference } from '../schema/compare';
import { columnSql, expectedText, isText } from '../schema/ddl';
import { checksAnEnum, modifyCopies } from '../steps/modify-column';
import { quoteName } from '../server/queryable';
import { named, type Column } from '../schema/shape';
import { describeColumn } from '../steps/columns';
import { byObject, type RepairTarget, type TableChange } from './repair';

/** The comments of a table's columns, by column: a MODIFY without them would lose them. */
export type Comments = ReadonlyMap<string, string>;

/** Backslashes doubled: neither server's session of ours has NO_BACKSLASH_ESCAPES. */
const commentSql = (comment: string | undefined): string =>
  comment === undefined || comment === ''
    ? ''
    : ` COMMENT '${comment.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function definition(column: Column, comments: Comments): string {
  const { charset, collation } = column;
  const text = isText(column.type) && charset !== null && collation !== null ? { charset, collation } : null;
  return `${columnSql(column, text)}${commentSql(comments.get(column.name))}`;
}

/** A declared column as it is to be: with the charset and collation that the live parent decides. */
export function wantedColumn(
  { declared, table, live }: Pick<RepairTarget, 'declared' | 'table' | 'live'>,
  column: Column,
): Column {
  const text = expectedText(declared, table, column, live);
  return { ...column, charset: text?.charset ?? null, collation: text?.collation ?? null };
}

function addition(target: RepairTarget, column: Column, differences: readonly Difference[]): TableChange {
  const { table, found, server } = target;
  const before = table.columns[table.columns.findIndex(({ name }) => name === column.name) - 1];
  const place = before && named(found.columns, before.name) ? ` AFTER ${quoteName(before.name)}` : '';
  return {
    clause: `ADD ${definition(wantedColumn(target, column), new Map())}${place}`,
    what: `add ${column.name}`,
    copies: server.flavour === 'mysql' && checksAnEnum(found),
    addsColumn: true,
    differences,
  };
}

/** A change of the default alone is one of the catalog, on both servers; MySQL does not take CURRENT_TIMESTAMP there. */
function defaultChange(to: Column, differences: readonly Difference[]): TableChange | null {
  const isLiteral = to.default?.startsWith("'") === true;
  if (!isLiteral || differences.some(({ property }) => property !== 'default')) return null;
  return {
    clause: `ALTER COLUMN ${quoteName(to.name)} SET DEFAULT ${to.default ?? ''}`,
    what: `change the default of ${to.name}`,
    copies: false,
    differences,
  };
}

/** The changes that give every column its declared definition, and let a row in that does not know the other columns. */
export function columnChanges(
  target: RepairTarget,
  differences: readonly Difference[],
  comments: Comments,
): TableChange[] {
  const { table, found, server } = target;
  // An index that comes in the same statement counts as well: MySQL copies for another collation then
  const indexed = { ...found, indexes: [...found.indexes, ...table.indexes] };
  const ofColumns = differences.filter(({ object }) => object === 'column');
  return [...byObject(ofColumns).values()].flatMap((all): TableChange[] => {
    const name = all[0]?.name ?? '';
    const [wanted, from] = [named(table.columns, name), named(found.columns, name)];
    if (from === undefined) return wanted === undefined ? [] : [addition(target, wanted, all)];
    const to = wanted === undefined ? { ...from, nullable: true } : wantedColumn(target, wanted);
    const short = defaultChange(to, all);
    if (short !== null) return [short];
    return [
      {
        clause: `MODIFY ${definition(to, comments)}`,
        what: `make ${name} ${describeColumn(to)}${to.collation === from.collation ? '' : ` in ${to.collation ?? ''}`}`,
        copies: modifyCopies(server, indexed, { from, to }),
        differences: all,
      },
    ];
  });
}
