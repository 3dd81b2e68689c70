import { compareTable, type Difference } from '../schema/compare';
import { alterSql, checkSql, columnSql, dropCheckSql, expectedText, rowFormatSql } from '../schema/ddl';
import { sameExpression } from '../schema/expression';
import { named, type Check, type Column, type Table } from '../schema/shape';
import { quoteName } from '../server/queryable';
import { describeColumn } from '../steps/columns';
import { checksAnEnum, modifyCopies } from '../steps/modify-column';
import { note, statement, type RemedyPart } from '../steps/remedy';
import { indexChanges, retiredDifferences } from './index-changes';
import { byObject, objectOf, type RepairTarget, type TableChange } from './repair';

/** The comments of a table's columns, by column. A MODIFY that does not repeat a comment removes it. */
export type Comments = ReadonlyMap<string, string>;

/** A declared column with the charset and collation of `expectedText`. */
export function wantedColumn(
  { declared, table, live }: Pick<RepairTarget, 'declared' | 'table' | 'live'>,
  column: Column,
): Column {
  const text = expectedText(declared, table, column, live);
  return { ...column, charset: text?.charset ?? null, collation: text?.collation ?? null };
}

/** The definition with its comment. Backslashes are doubled, as no session of ours has NO_BACKSLASH_ESCAPES. */
function definition(column: Column, comments: Comments): string {
  const comment = comments.get(column.name)?.replaceAll('\\', '\\\\').replaceAll("'", "''");
  return `${columnSql(column)}${comment ? ` COMMENT '${comment}'` : ''}`;
}

function addition(target: RepairTarget, column: Column): Omit<TableChange, 'differences'> {
  const { table, found, server } = target;
  const before = table.columns[table.columns.findIndex(({ name }) => name === column.name) - 1];
  const place = before && named(found.columns, before.name) ? ` AFTER ${quoteName(before.name)}` : '';
  return {
    clause: `ADD ${columnSql(wantedColumn(target, column))}${place}`,
    what: `add ${column.name}`,
    copies: server.flavour === 'mysql' && checksAnEnum(found),
    addsColumn: true,
  };
}

/** The changes that give every column its declared definition, and let an INSERT leave undeclared columns out. */
function columnChanges(
  target: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
  comments: Comments,
): TableChange[] {
  const { table, found, server } = target;
  // With the indexes that the same statement adds: on an indexed column, MySQL copies for another collation
  const indexed = { ...found, indexes: [...found.indexes, ...table.indexes] };
  return [...groups.values()].flatMap((differences): TableChange[] => {
    const [{ object = 'table', name = '' } = {}] = differences;
    if (object !== 'column') return [];
    const [wanted, from] = [named(table.columns, name), named(found.columns, name)];
    if (from === undefined) return wanted ? [{ ...addition(target, wanted), differences }] : [];
    const to = wanted === undefined ? { ...from, nullable: true } : wantedColumn(target, wanted);
    // Both servers change only the catalog for a literal default; MySQL does not accept CURRENT_TIMESTAMP here
    if (to.default?.startsWith("'") && differences.every(({ property }) => property === 'default')) {
      const clause = `ALTER COLUMN ${quoteName(name)} SET DEFAULT ${to.default}`;
      return [{ clause, what: `change the default of ${name}`, copies: false, differences }];
    }
    return [
      {
        clause: `MODIFY ${definition(to, comments)}`,
        what: `make ${name} ${describeColumn(to)}${to.collation === from.collation ? '' : ` in ${to.collation ?? ''}`}`,
        copies: modifyCopies(server, indexed, { from, to }),
        differences,
      },
    ];
  });
}

/** The changes of the engine, the row format, and the charset of new columns. */
function settingChanges({ table }: RepairTarget, differences: readonly Difference[]): TableChange[] {
  const change = (
    properties: readonly string[],
    clause: string,
    what: string,
    copies = false,
  ): TableChange[] => {
    const own = differences.filter((one) => one.object === 'table' && properties.includes(one.property));
    return own.length === 0 ? [] : [{ clause, what, copies, differences: own }];
  };
  const text = `DEFAULT CHARACTER SET ${table.charset} COLLATE ${table.collation}`;
  return [
    ...change(['engine'], `ENGINE=${table.engine}, ${rowFormatSql}`, `make it ${table.engine}`, true),
    ...change(['row-format'], rowFormatSql, 'store its rows so that long columns can be indexed'),
    ...change(['charset', 'collation'], text, 'change its default charset'),
  ];
}

/** The declared CHECK with the same condition. */
export const declaredTwin = ({ table }: Pick<RepairTarget, 'table'>, check: Check): Check | undefined =>
  table.checks.find((one) => sameExpression(one.expression, check.expression));

/** The clause that drops a CHECK. On MariaDB a CHECK with a column's name is part of the column's definition. */
export function dropCheck(target: RepairTarget, { name }: Check): string {
  const column = named(target.table.columns, name);
  if (column === undefined || target.server.flavour !== 'mariadb') return dropCheckSql(name);
  return `MODIFY ${columnSql(wantedColumn(target, column))}`;
}

/** Each declared CHECK to add, with the live ones that it replaces; null with each live one that only repeats another. */
function pairChecks(
  target: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
): { readonly wanted: Check | null; readonly old: readonly Check[] }[] {
  const { table, found } = target;
  const differing = (check: Check): boolean => groups.has(`check ${check.name}`);
  const others = found.checks.filter(({ name }) => !named(table.checks, name));
  const added = table.checks.filter(differing).map((wanted) => ({
    wanted,
    old: found.checks.filter(
      (one) => one.name === wanted.name || (others.includes(one) && declaredTwin(target, one) === wanted),
    ),
  }));
  const repeating = others.filter(
    (one) => differing(one) && declaredTwin(target, one) && !added.some(({ old }) => old.includes(one)),
  );
  return [...added, ...repeating.map((one) => ({ wanted: null, old: [one] }))];
}

/**
 * The changes that add every declared CHECK. The same statement drops a CHECK of the same condition under another name:
 * there is no moment without it.
 *
 * @param modified columns that another change redefines
 */
function checkChanges(
  target: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
  modified: ReadonlySet<string>,
): TableChange[] {
  return pairChecks(target, groups).flatMap(({ wanted, old }) => {
    const drops = old
      .filter((one) => !modified.has(one.name) || dropCheck(target, one) === dropCheckSql(one.name))
      .map((one) => dropCheck(target, one));
    const clauses = [...drops, ...(wanted ? [`ADD ${checkSql(wanted)}`] : [])];
    if (clauses.length === 0) return [];
    const names = new Set([...(wanted ? [wanted] : []), ...old].map(({ name }) => name));
    return [
      {
        clause: clauses.join(', '),
        what: wanted ? `add ${wanted.name}` : `drop ${old[0]?.name ?? ''}`,
        copies: wanted !== null,
        differences: [...names].flatMap((name) => groups.get(`check ${name}`) ?? []),
      },
    ];
  });
}

/**
 * The differences from the declared table, without foreign keys, and the retired indexes.
 *
 * @param decided objects that are left out, as {@link objectOf} names them
 */
export function repairableDifferences(target: RepairTarget, decided: ReadonlySet<string>): Difference[] {
  const all = [...compareTable(target.declared, target.table, target.live), ...retiredDifferences(target)];
  return all.filter((one) => !decided.has(objectOf(one)));
}

/**
 * The changes of a live table's definition that end those differences. Pure.
 *
 * @param comments of the live columns
 */
export function tableChanges(
  target: RepairTarget,
  differences: readonly Difference[],
  comments: Comments,
): TableChange[] {
  const groups = byObject(differences);
  const columns = columnChanges(target, groups, comments);
  const modified = columns.filter(({ clause }) => clause.startsWith('MODIFY'));
  const names = new Set(modified.map((change) => change.differences[0]?.name ?? ''));
  return [
    ...columns,
    ...settingChanges(target, differences),
    ...indexChanges(target, groups),
    ...checkChanges(target, groups, names),
  ];
}

/** Replaces generated columns by plain ones, adds missing columns that every row needs as NULL; and the table after that. */
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
        note(`${name} is computed; a column with stored values replaces it.`),
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
