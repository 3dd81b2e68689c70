import { quoteName, select, type Queryable } from '../server/queryable';
import { isText } from '../schema/ddl';
import { type Column, named, type Index } from '../schema/shape';
import { misfitCondition, describeColumn } from '../steps/columns';
import { compareTable, type Difference } from '../schema/compare';
import { wantedColumn } from './column-changes';
import { byObject, type Choice, type Decision, type RepairTarget } from './repair';

function family(type: string): string {
  if (isText(type) && !type.startsWith('set(')) return 'text';
  if (/^(tiny|small|medium|big)?int\b/.test(type)) return 'integer';
  return /^timestamp/.test(type) ? 'timestamp' : type;
}

/** True where a value of the one type is the same value in the other, if it fits: a text in an ENUM, an int in a bigint. */
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

/**
 * A condition that is true for the values of a column that another definition of it would refuse or change, NULLs
 * aside; null where it takes them all.
 */
export function unfitCondition(from: Column, to: Column): string | null {
  const name = quoteName(from.name);
  const conditions = [
    misfitCondition({ ...from, nullable: to.nullable }, to),
    to.type === 'json' && from.type !== 'json' ? `NOT JSON_VALID(${name})` : null,
    from.type !== to.type && /^timestamp\(/.test(from.type) ? `MICROSECOND(${name}) <> 0` : null,
    lossCondition(from, to),
  ].filter((one) => one !== null);
  return conditions.length === 0 ? null : conditions.join(' OR ');
}

async function count(session: Queryable, sql: string): Promise<number> {
  const [row] = await select<{ n: number | string | null }>(session, sql);
  return Number(row?.n ?? 0);
}

const countRows = (session: Queryable, table: string, where: string): Promise<number> =>
  count(session, `SELECT COUNT(*) AS n FROM ${quoteName(table)} WHERE ${where}`);

/** The length of an id, at most. */
const idLength = 64;

const many = (rows: number): string => `${rows} row${rows === 1 ? '' : 's'}`;

/** An UPDATE that leaves the time of the last change alone. */
function updateSql({ found }: RepairTarget, column: string, value: string, where: string): string {
  const kept = found.columns
    .filter((one) => one.onUpdateNow && one.name !== column)
    .map(({ name }) => `, ${quoteName(name)} = ${quoteName(name)}`);
  return `UPDATE ${quoteName(found.name)} SET ${quoteName(column)} = ${value}${kept.join('')} WHERE ${where}`;
}

/** Values that people may want to put in the place of those that can't stay. */
function replacements(target: RepairTarget, column: Column, where: string): Choice[] {
  const values = /^enum\((.*)\)$/.exec(column.type)?.[1]?.match(/'(?:[^']|'')*'/g) ?? [];
  const offered = [
    ...(column.nullable ? ['NULL'] : []),
    ...(column.default?.startsWith("'") ? [column.default] : []),
    ...values.filter((value) => value !== column.default),
  ];
  const texts =
    /^varchar/.test(column.type) && offered.length === 0 ? [`CONCAT('unknown ', LEFT(id, 40))`] : [];
  return [...offered, ...texts].map((value) => ({
    does: `gives those rows ${value}`,
    sql: [updateSql(target, column.name, value, where)],
  }));
}

const deletion = (table: string, where: string): Choice => ({
  does: 'deletes those rows',
  sql: [`DELETE FROM ${quoteName(table)} WHERE ${where}`],
});

/** A column that some rows would not survive: NULL where there is no default, or a value that it does not take. */
async function columnDecisions(
  session: Queryable,
  target: RepairTarget,
  name: string,
  differences: readonly Difference[],
): Promise<Decision[]> {
  const { table, found } = target;
  const column = named(table.columns, name);
  const live = named(found.columns, name);
  if (column === undefined) return [];
  const wanted = wantedColumn(target, column);
  const at = { table: table.name, object: 'column', name, differences } as const;
  const decide = async (where: string, reason: (rows: number) => string): Promise<Decision[]> => {
    const rows = await countRows(session, table.name, where);
    const look = `SELECT * FROM ${quoteName(table.name)} WHERE ${where}`;
    const choices = [...replacements(target, wanted, where), deletion(table.name, where)];
    return rows === 0 ? [] : [{ ...at, rows, reason: reason(rows), look, choices }];
  };
  if (live === undefined) {
    if (wanted.nullable || wanted.default !== null) return [];
    const rows = await countRows(session, table.name, 'TRUE');
    const reason = `${table.name} has ${many(rows)} and no column ${name}, which every row needs`;
    const define =
      wanted.type === 'varchar(64)' || wanted.type === 'varchar(255)'
        ? `${wanted.type} NULL`
        : `${wanted.type} NULL`;
    const sql = [`ALTER TABLE ${quoteName(table.name)} ADD ${quoteName(name)} ${define}`];
    const choices = [{ does: `adds it empty; then give every row its ${name}`, sql }];
    return rows === 0 ? [] : [{ ...at, rows, reason, look: null, choices }];
  }
  const unfit = unfitCondition(live, wanted);
  return [
    ...(live.nullable && !wanted.nullable && wanted.default === null
      ? await decide(
          `${quoteName(name)} IS NULL`,
          (rows) => `${many(rows)} without ${name}, which has no default`,
        )
      : []),
    ...(unfit === null
      ? []
      : await decide(
          unfit,
          (rows) =>
            `${many(rows)} with a ${name} that ${describeColumn(wanted)}${wanted.charset === null ? '' : ` in ${wanted.charset}`} does not take`,
        )),
  ];
}

/** Makes the values of a text column different from each other; `compared` is the column as the declared collation has it. */
function separate(target: RepairTarget, { columns }: Pick<Index, 'columns'>, compared: string): Choice[] {
  const { table, found } = target;
  const name = columns[0]?.name ?? '';
  if (columns.length > 1 || table.primaryKey.includes(name)) return [];
  const lengths = [table, found].map(({ columns: all }) =>
    Number(/^varchar\((\d+)\)$/.exec(named(all, name)?.type ?? '')?.[1] ?? 0),
  );
  const width = Math.min(...lengths) - ' ()'.length - idLength;
  if (width <= 0) return [];
  const [of, column] = [quoteName(table.name), `t.${quoteName(name)}`];
  const kept = found.columns
    .filter((one) => one.onUpdateNow && one.name !== name)
    .map(({ name: at }) => `, t.${quoteName(at)} = t.${quoteName(at)}`);
  const sql =
    `UPDATE ${of} t JOIN (SELECT ${compared} AS shared, MIN(id) AS first FROM ${of} GROUP BY ${compared} HAVING COUNT(*) > 1) d ` +
    `ON ${compared.replace(quoteName(name), column)} = d.shared AND t.id <> d.first ` +
    `SET ${column} = CONCAT(LEFT(${column}, ${width}), ' (', t.id, ')')${kept.join('')}`;
  return [{ does: `appends the id to the ${name} of all but one of them`, sql: [sql] }];
}

/** Rows that share what is to be unique, as the declared collations compare it. */
async function duplicateDecisions(
  session: Queryable,
  target: RepairTarget,
  index: Pick<Index, 'name' | 'columns'>,
  differences: readonly Difference[],
): Promise<Decision[]> {
  const { table, found } = target;
  const columns = index.columns.map(({ name }) => named(table.columns, name));
  if (columns.some((column) => column === undefined || !named(found.columns, column.name))) return [];
  const compared = columns.flatMap((column) => {
    const wanted = column && wantedColumn(target, column);
    if (wanted === undefined) return [];
    const name = quoteName(wanted.name);
    return wanted.charset === null || wanted.collation === null
      ? [name]
      : [`CONVERT(${name} USING ${wanted.charset}) COLLATE ${wanted.collation}`];
  });
  const notNull = columns.map((column) => `${quoteName(column?.name ?? '')} IS NOT NULL`).join(' AND ');
  const shared = `SELECT ${compared.join(', ')}, COUNT(*) AS n FROM ${quoteName(table.name)} WHERE ${notNull} GROUP BY ${compared.join(', ')} HAVING COUNT(*) > 1`;
  const rows = await count(
    session,
    `SELECT SUM(d.n) AS n FROM (SELECT COUNT(*) AS n FROM ${quoteName(table.name)} WHERE ${notNull} GROUP BY ${compared.join(', ')} HAVING COUNT(*) > 1) d`,
  );
  if (rows === 0) return [];
  const choices = separate(target, index, compared[0] ?? '');
  return [
    {
      table: table.name,
      object: differences[0]?.object ?? 'index',
      name: differences[0]?.name ?? index.name,
      differences,
      rows,
      reason: `${many(rows)} share their ${columns.map((column) => column?.name ?? '').join(', ')}, which is to be unique (${index.name})`,
      look: shared,
      choices,
    },
  ];
}

async function uniqueDecisions(
  session: Queryable,
  target: RepairTarget,
  groups: ReadonlyMap<string, Difference[]>,
): Promise<Decision[]> {
  const { table } = target;
  const parts = table.primaryKey.map((name) => ({ name, descending: false, prefix: null }));
  const uniques = [...table.indexes.filter(({ unique }) => unique), { name: 'PRIMARY', columns: parts }];
  const found: Decision[] = [];
  for (const index of uniques) {
    const ofColumns = index.columns.flatMap(({ name }) =>
      (groups.get(`column ${name}`) ?? []).filter(({ property }) => /type|charset|collation/.test(property)),
    );
    const differences = groups.get(`index ${index.name}`) ?? ofColumns;
    if (differences.length > 0)
      found.push(...(await duplicateDecisions(session, target, index, differences)));
  }
  return found;
}

async function checkDecisions(
  session: Queryable,
  target: RepairTarget,
  groups: ReadonlyMap<string, Difference[]>,
): Promise<Decision[]> {
  const { table, found } = target;
  const decisions: Decision[] = [];
  for (const check of table.checks) {
    const differences = groups.get(`check ${check.name}`);
    const columns = [...check.expression.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
    if (differences === undefined || columns.some((name) => !named(found.columns, name))) continue;
    const where = `NOT (${check.expression})`;
    const rows = await countRows(session, table.name, where);
    if (rows === 0) continue;
    decisions.push({
      table: table.name,
      object: 'check',
      name: check.name,
      differences,
      rows,
      reason: `${many(rows)} that the CHECK ${check.name} refuses: ${check.expression}`,
      look: `SELECT * FROM ${quoteName(table.name)} WHERE ${where}`,
      choices: [deletion(table.name, where)],
    });
  }
  return decisions;
}

/**
 * What the rows of an existing table make a decision of its owner: values that no default replaces, that do not fit,
 * that are there twice or break the CHECK. Reads the rows; changes nothing.
 *
 * @param decided objects that are decided by their definition alone
 */
export async function rowDecisions(
  session: Queryable,
  target: RepairTarget,
  decided: ReadonlySet<string>,
): Promise<Decision[]> {
  const differences = compareTable(target.declared, target.table, target.live);
  const groups = byObject(differences);
  for (const object of decided) groups.delete(object);
  const decisions: Decision[] = [];
  for (const [object, all] of groups) {
    if (object.startsWith('column '))
      decisions.push(...(await columnDecisions(session, target, all[0]?.name ?? '', all)));
  }
  return [
    ...decisions,
    ...(await uniqueDecisions(session, target, groups)),
    ...(await checkDecisions(session, target, groups)),
  ];
}
