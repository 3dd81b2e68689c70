import { expectedText, isText } from '../schema/ddl';
import { quoteName } from '../server/queryable';
import { named, type Column, type ForeignKey, type Schema, type Table } from '../schema/shape';

/** True where an insert has to name the column: it is NOT NULL and nothing fills it. */
export function isRequired(column: Column): boolean {
  return !column.nullable && column.default === null && !/auto_increment|generated/.test(column.extra);
}

/** The child's value as the parent's column would hold it: two collations in one comparison end in 1267. */
function valueInParent(alias: string, table: Table, key: ForeignKey, live: Schema): string {
  const value = `${alias}.${quoteName(key.columns[0] ?? '')}`;
  const column = named(table.columns, key.columns[0] ?? '');
  const text = column && expectedText(new Map(), { ...table, foreignKeys: [key] }, column, live);
  return text ? `CONVERT(${value} USING ${text.charset}) COLLATE ${text.collation}` : value;
}

function parentName(key: ForeignKey): string {
  return [key.parentDatabase, key.parentTable]
    .filter((part) => part !== null)
    .map(quoteName)
    .join('.');
}

/** How much of a column a unique index looks at, in characters; null where none looks at it. */
function uniqueWidth(parent: Table, column: Column): number | null {
  const length = Number(/^(?:var)?(?:char|binary)\((\d+)\)/.exec(column.type)?.[1] ?? Infinity);
  const widths = parent.indexes
    .filter((index) => index.unique)
    .flatMap((index) => index.columns.filter((part) => part.name === column.name))
    .map((part) => part.prefix ?? length);
  if (parent.primaryKey.includes(column.name)) widths.push(length);
  return widths.length === 0 ? null : Math.min(length, ...widths);
}

const prefix = 'restored ';
/** The widest id that the package's keys hold. */
const widestId = 64;

/** A text for a placeholder's column, different for each value where the column is unique. */
function placeholderText(type: string, unique: number | null): string {
  const length = Number(/^(?:var)?(?:char|binary)\((\d+)\)/.exec(type)?.[1] ?? Infinity);
  const width = Math.min(length, unique ?? Infinity);
  if (width >= prefix.length + widestId) return `CONCAT('${prefix}', o.id)`;
  return unique === null ? `LEFT(CONCAT('${prefix}', o.id), ${width})` : `LEFT(MD5(o.id), ${width})`;
}

/** A value, as SQL over the orphaned ids `o.id`, for a column that a placeholder must fill. */
function placeholderValue(parent: Table, column: Column): string {
  const reference = parent.foreignKeys.find((one) => one.columns[0] === column.name);
  if (reference !== undefined) {
    if (reference.parentTable === parent.name) return 'o.id';
    return `(SELECT MIN(${quoteName(reference.parentColumns[0] ?? '')}) FROM ${parentName(reference)})`;
  }
  const { type } = column;
  const unique = uniqueWidth(parent, column);
  const first = /^(?:enum|set)\(('(?:[^']|'')*')/.exec(type)?.[1];
  if (first !== undefined) return first;
  if (type === 'json') return "'{}'";
  if (isText(type) || /binary|blob/.test(type)) return placeholderText(type, unique);
  if (/^(timestamp|datetime)/.test(type)) return 'CURRENT_TIMESTAMP';
  if (/^date/.test(type)) return 'CURRENT_DATE';
  if (/^time/.test(type)) return 'CURRENT_TIME';
  if (/^year/.test(type)) return '2000';
  if (/^uuid/.test(type)) return 'UUID()';
  if (/^inet6/.test(type)) return "'::1'";
  if (/^inet4/.test(type)) return "'127.0.0.1'";
  if (unique === null) return '0';
  const highest = `SELECT MAX(m.${quoteName(column.name)}) FROM ${quoteName(parent.name)} m`;
  return `COALESCE((${highest}), 0) + ROW_NUMBER() OVER (ORDER BY o.id)`;
}

/** True where a placeholder can't leave the column to its default: there is none, or it would be there twice. */
function isFilled(parent: Table, column: Column): boolean {
  if (isRequired(column)) return true;
  return column.default?.startsWith("'") === true && uniqueWidth(parent, column) !== null;
}

function placeholders(parent: Table, table: Table, key: ForeignKey, live: Schema): string {
  const [from, to] = [quoteName(key.columns[0] ?? ''), quoteName(key.parentColumns[0] ?? '')];
  const filled = parent.columns.filter(
    (column) => column.name !== key.parentColumns[0] && isFilled(parent, column),
  );
  const names = [to, ...filled.map((column) => quoteName(column.name))].join(', ');
  const values = ['o.id', ...filled.map((column) => placeholderValue(parent, column))].join(', ');
  const value = valueInParent('c', table, key, live);
  return (
    `INSERT INTO ${parentName(key)} (${names})\n` +
    `SELECT ${values}\n` +
    `  FROM (SELECT DISTINCT ${value} AS id FROM ${quoteName(table.name)} c WHERE c.${from} IS NOT NULL) o\n` +
    `  LEFT JOIN ${parentName(key)} p ON p.${to} = o.id\n` +
    ` WHERE p.${to} IS NULL`
  );
}

/**
 * The statements, without semicolons, that mend a key's orphans by its own delete rule, as if the parent had been
 * deleted under the key: CASCADE deletes the rows, SET NULL clears the column; under RESTRICT (NO ACTION) the parent
 * could not have been deleted, so a placeholder is put back for each, with a fitting value in every column that must
 * have one. None where the parent table does not exist. Pure; they may be executed twice.
 *
 * @param table the live child
 * @param live the live tables, the parent among them
 */
export function mendOrphansSql(table: Table, key: ForeignKey, live: Schema): string[] {
  const parent = live.get(key.parentTable);
  if (parent === undefined) return [];
  const [from, to] = [quoteName(key.columns[0] ?? ''), quoteName(key.parentColumns[0] ?? '')];
  const join = `LEFT JOIN ${parentName(key)} p ON p.${to} = ${valueInParent('c', table, key, live)}`;
  const where = `WHERE c.${from} IS NOT NULL AND p.${to} IS NULL`;
  switch (key.onDelete) {
    case 'CASCADE':
      return [`DELETE c FROM ${quoteName(table.name)} c ${join} ${where}`];
    case 'SET NULL': {
      // As the server's own SET NULL does, this leaves a column that an update would set to now
      const kept = table.columns.filter((column) => column.onUpdateNow && column.name !== key.columns[0]);
      const set = [
        `c.${from} = NULL`,
        ...kept.map(({ name }) => `c.${quoteName(name)} = c.${quoteName(name)}`),
      ];
      return [`UPDATE ${quoteName(table.name)} c ${join} SET ${set.join(', ')} ${where}`];
    }
    default:
      return [placeholders(parent, table, key, live)];
  }
}

/** What {@link mendOrphansSql} does to which rows. */
export function describeOrphanMend(table: string, key: ForeignKey): string {
  const [column, parent] = [key.columns[0] ?? '', key.parentTable];
  const which = `rows of ${table} whose ${column} names no row of ${parent}`;
  if (key.onDelete === 'CASCADE')
    return `Deletes the ${which}, as ${key.name} would have. To keep them, restore the rows of ${parent} instead.`;
  if (key.onDelete === 'SET NULL')
    return `Clears ${column} in the ${which}, as ${key.name} would have. To keep it, restore the rows of ${parent} instead.`;
  return `Puts a placeholder into ${parent} for the ${which}: under ${key.name} none could have been deleted. Complete them, or restore the true rows instead.`;
}
