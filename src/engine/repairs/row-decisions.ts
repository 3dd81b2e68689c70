import { columnType, integerRange, isText, widthOf } from '../schema/column-type';
import { quoteName, select, type Queryable } from '../server/queryable';
import { alterSql, convertedSql, expectedText, keptTimes } from '../schema/ddl';
import { named, type Column, type ForeignKey, type Index, type Table } from '../schema/shape';
import { misfitCondition, describeColumn } from '../steps/columns';
import { compareTable, type Difference } from '../schema/compare';
import { byObject, type Choice, type Decision, type RepairTarget } from './repair';
import { note, statement, type RemedyPart } from '../steps/remedy';
import { wantedColumn } from './table-changes';

function family(type: string): string {
  const { name } = columnType(type);
  if (isText(type) && name !== 'set') return 'text';
  if (integerRange(type) !== null) return 'integer';
  return name === 'timestamp' ? name : type;
}

/** True when a value that fits means the same in the other type, such as a text in an ENUM or an int in a bigint. */
export function isConvertible(from: string, to: string): boolean {
  return family(from) === family(to) || (family(from) === 'text' && to === 'json');
}

/** A condition that is true for values that a conversion between charsets would change. */
function lossCondition(from: Column, to: Column): string | null {
  if (to.charset === null || from.charset === null || to.charset === 'utf8mb4' || to.charset === from.charset)
    return null;
  const utf8 = (sql: string): string => `CAST(CONVERT(${sql} USING utf8mb4) AS BINARY)`;
  const name = quoteName(from.name);
  return `NOT (${utf8(`CONVERT(${name} USING ${to.charset})`)} <=> ${utf8(name)})`;
}

/** True for a timestamp with fractions of a second. */
const isPrecise = ({ type }: Column): boolean =>
  columnType(type).name === 'timestamp' && columnType(type).length !== null;

/**
 * A condition that is true for the values of a column, other than NULL, that another definition would refuse or change;
 * null where it keeps all of them.
 */
function unfitCondition(from: Column, to: Column): string | null {
  const name = quoteName(from.name);
  const conditions = [
    misfitCondition({ ...from, nullable: to.nullable }, to),
    to.type === 'json' && from.type !== 'json' ? `NOT JSON_VALID(${name})` : null,
    from.type !== to.type && isPrecise(from) ? `MICROSECOND(${name}) <> 0` : null,
    lossCondition(from, to),
  ].filter((one) => one !== null);
  return conditions.length === 0 ? null : conditions.join(' OR ');
}

/** A question whether there are rows that the declared definition refuses or changes. It follows from the definitions. */
interface RowQuestion extends Pick<
  Decision,
  'table' | 'object' | 'name' | 'differences' | 'look' | 'choices'
> {
  /** What is wrong with them, to follow "3 rows": `without name, which has no default`. */
  readonly what: string;
  /** The SELECT that counts them, as `n`. */
  readonly count: string;
  /** The choice that a remedy prints; null where the owner has to look at the rows first. */
  readonly unasked: Choice | null;
}

/** The longest id, in characters. */
const idLength = 64;

/** An UPDATE that keeps the ON UPDATE CURRENT_TIMESTAMP columns. */
function updateSql({ found }: RepairTarget, column: string, value: string, where: string): string {
  return `UPDATE ${quoteName(found.name)} SET ${quoteName(column)} = ${value}${keptTimes(found.columns, [column])} WHERE ${where}`;
}

/** The declared key that starts at the column. An invented value there would have no parent. */
const keyAt = (table: Table, { name }: Column): ForeignKey | undefined =>
  table.foreignKeys.find(({ columns }) => columns[0] === name);

/** The choices that replace values which can't stay. */
function replacements(target: RepairTarget, column: Column, where: string): Choice[] {
  const { name: kind, values } = columnType(column.type);
  const offered = [
    ...(column.nullable ? ['NULL'] : []),
    ...(column.default?.startsWith("'") ? [column.default] : []),
    ...(kind === 'enum' ? values.filter((value) => value !== column.default) : []),
  ];
  const isFree = kind === 'varchar' && !keyAt(target.table, column);
  const texts = isFree && offered.length === 0 ? [`CONCAT('unknown ', LEFT(id, 40))`] : [];
  return [...offered, ...texts].map((value) => ({
    does: `gives those rows ${value}`,
    sql: [updateSql(target, column.name, value, where)],
  }));
}

const deletion = (table: string, where: string): Choice => ({
  does: 'deletes those rows',
  sql: [`DELETE FROM ${quoteName(table)} WHERE ${where}`],
});

/** The SELECTs that count and show the rows for which a condition holds. */
const rowsWhere = (table: string, where: string): Pick<RowQuestion, 'count' | 'look'> => ({
  count: `SELECT COUNT(*) AS n FROM ${quoteName(table)} WHERE ${where}`,
  look: `SELECT * FROM ${quoteName(table)} WHERE ${where}`,
});

/** The questions about one column: rows with NULL where there is no default, and rows with a value that does not fit. */
function columnQuestions(
  target: RepairTarget,
  name: string,
  differences: readonly Difference[],
): RowQuestion[] {
  const { table, found } = target;
  const column = named(table.columns, name);
  const live = named(found.columns, name);
  if (column === undefined) return [];
  const wanted = wantedColumn(target, column);
  const at = { table: table.name, object: 'column', name, differences } as const;
  if (live === undefined) {
    if (wanted.nullable || wanted.default !== null) return [];
    const sql = [alterSql(table.name, `ADD ${quoteName(name)} ${wanted.type} NULL`)];
    const choices = [{ does: `adds it empty; then give every row its ${name}`, sql }];
    const what = `of ${table.name} without the column ${name}, which every row needs`;
    return [{ ...at, what, ...rowsWhere(table.name, 'TRUE'), look: null, choices, unasked: null }];
  }
  const ask = (where: string, what: string, isReplaced: boolean): RowQuestion => {
    const replaced = replacements(target, wanted, where);
    const choices = [...replaced, deletion(table.name, where)];
    // With ON DELETE CASCADE, a row without a parent belongs to nothing
    const [first = null] = keyAt(table, column)?.onDelete === 'CASCADE' ? choices.slice(-1) : replaced;
    return { ...at, what, ...rowsWhere(table.name, where), choices, unasked: isReplaced ? first : null };
  };
  const unfit = unfitCondition(live, wanted);
  const definition = `${describeColumn(wanted)}${wanted.charset === null ? '' : ` in ${wanted.charset}`}`;
  const questions: RowQuestion[] = [];
  if (live.nullable && !wanted.nullable && wanted.default === null)
    questions.push(ask(`${quoteName(name)} IS NULL`, `without ${name}, which has no default`, true));
  if (unfit !== null) {
    const isEnum = columnType(wanted.type).name === 'enum';
    questions.push(ask(unfit, `with a ${name} that ${definition} does not take`, isEnum));
  }
  return questions;
}

/** The choice that makes the values of a text column differ. `compared` is the column in its declared collation, as SQL. */
function separate(target: RepairTarget, { columns }: Pick<Index, 'columns'>, compared: string): Choice[] {
  const { table, found } = target;
  const name = columns[0]?.name ?? '';
  if (columns.length > 1 || table.primaryKey.includes(name)) return [];
  const lengths = [table, found].map(({ columns: all }) => {
    const { type = '' } = named(all, name) ?? {};
    return columnType(type).name === 'varchar' ? widthOf(type) : 0;
  });
  const width = Math.min(...lengths) - ' ()'.length - idLength;
  if (width <= 0) return [];
  const [of, column] = [quoteName(table.name), `t.${quoteName(name)}`];
  const sql =
    `UPDATE ${of} t JOIN (SELECT ${compared} AS shared, MIN(id) AS first FROM ${of} GROUP BY ${compared} HAVING COUNT(*) > 1) d ` +
    `ON ${compared.replace(quoteName(name), column)} = d.shared AND t.id <> d.first ` +
    `SET ${column} = CONCAT(LEFT(${column}, ${width}), ' (', t.id, ')')${keptTimes(found.columns, [name], 't.')}`;
  return [{ does: `appends the id to the ${name} of all but one of them`, sql: [sql] }];
}

/** The question about rows that share a value which has to be unique. The declared collations compare the values. */
function duplicateQuestion(
  target: RepairTarget,
  index: Pick<Index, 'name' | 'columns'>,
  differences: readonly Difference[],
): RowQuestion[] {
  const { table, found } = target;
  const columns = index.columns.flatMap(({ name }) => named(table.columns, name) ?? []);
  if (columns.length < index.columns.length || columns.some(({ name }) => !named(found.columns, name)))
    return [];
  const compared = columns.map((column) => {
    const text = expectedText(target.declared, table, column, target.live);
    return text === null ? quoteName(column.name) : convertedSql(quoteName(column.name), text);
  });
  const notNull = columns.map(({ name }) => `${quoteName(name)} IS NOT NULL`).join(' AND ');
  const shared = `FROM ${quoteName(table.name)} WHERE ${notNull} GROUP BY ${compared.join(', ')} HAVING COUNT(*) > 1`;
  const choices = separate(target, index, compared[0] ?? '');
  const { object = 'index', name = index.name } = differences[0] ?? {};
  return [
    {
      ...{ table: table.name, object, name, differences },
      what: `share their ${columns.map((column) => column.name).join(', ')}, which is to be unique (${index.name})`,
      count: `SELECT SUM(d.n) AS n FROM (SELECT COUNT(*) AS n ${shared}) d`,
      look: `SELECT ${compared.join(', ')}, COUNT(*) AS n ${shared}`,
      choices,
      unasked: choices[0] ?? null,
    },
  ];
}

function uniqueQuestions(
  target: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
): RowQuestion[] {
  const { table } = target;
  const parts = table.primaryKey.map((name) => ({ name, descending: false, prefix: null }));
  const uniques = [...table.indexes.filter(({ unique }) => unique), { name: 'PRIMARY', columns: parts }];
  return uniques.flatMap((index) => {
    const ofColumns = index.columns.flatMap(({ name }) =>
      (groups.get(`column ${name}`) ?? []).filter(({ property }) => /type|charset|collation/.test(property)),
    );
    const differences = groups.get(`index ${index.name}`) ?? ofColumns;
    const isOpen = differences.some(({ property }) => property !== 'visible');
    return isOpen ? duplicateQuestion(target, index, differences) : [];
  });
}

function checkQuestions(
  { table, found }: RepairTarget,
  groups: ReadonlyMap<string, readonly Difference[]>,
): RowQuestion[] {
  return table.checks.flatMap((check): RowQuestion[] => {
    const differences = groups.get(`check ${check.name}`);
    const columns = [...check.expression.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
    if (differences === undefined || columns.some((name) => !named(found.columns, name))) return [];
    const where = `NOT (${check.expression})`;
    return [
      {
        ...{ table: table.name, object: 'check', name: check.name, differences },
        what: `that the CHECK ${check.name} refuses: ${check.expression}`,
        ...rowsWhere(table.name, where),
        choices: [deletion(table.name, where)],
        unasked: null,
      },
    ];
  });
}

/**
 * The questions about the rows of an existing table: NULLs without a default, values that do not fit, duplicates, and rows
 * that break a CHECK. Pure.
 *
 * @param decided objects about which there is a decision already, as `objectOf` names them
 */
export function rowQuestions(target: RepairTarget, decided: ReadonlySet<string>): RowQuestion[] {
  const groups = byObject(compareTable(target.declared, target.table, target.live));
  for (const object of decided) groups.delete(object);
  return [
    ...[...groups].flatMap(([object, all]) =>
      object.startsWith('column ') ? columnQuestions(target, all[0]?.name ?? '', all) : [],
    ),
    ...uniqueQuestions(target, groups),
    ...checkQuestions(target, groups),
  ];
}

/** The remedy for the rows of a question, or the SELECT that shows them. */
export const questionParts = ({ what, look, unasked }: RowQuestion): RemedyPart[] =>
  unasked === null
    ? [note(`Look first at rows ${what}: ${look ?? ''}`)]
    : [note(`Rows ${what}: ${unasked.does}. To look first: ${look ?? ''}`), ...unasked.sql.map(statement)];

/** The decisions that the rows of a table make necessary. Reads the rows; changes nothing. */
export async function rowDecisions(
  session: Queryable,
  target: RepairTarget,
  decided: ReadonlySet<string>,
): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (const { what, count, unasked: _unasked, ...question } of rowQuestions(target, decided)) {
    const [row] = await select<{ n: number | string | null }>(session, count);
    const rows = Number(row?.n ?? 0);
    if (rows > 0)
      decisions.push({ ...question, rows, reason: `${rows} row${rows === 1 ? '' : 's'} ${what}` });
  }
  return decisions;
}
