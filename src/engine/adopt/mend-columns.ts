import { alterSql, columnSql, isText, type TextSettings } from '../schema/ddl';
import { quoteName, quoteText } from '../server/queryable';
import { note, statement, type RemedyPart } from '../steps/remedy';
import type { Column, Table } from '../schema/shape';

/** A column that is to be mended. */
export interface ColumnMend {
  readonly table: Table;
  readonly declared: Column;
  readonly text: TextSettings | null;
  /** Null where it is missing. */
  readonly live: Column | null;
}

/** An UPDATE that leaves the time of the last change as it is: mending is no change of the application's. */
function updateSql(table: Table, column: string, value: string, where: string): string {
  const kept = table.columns
    .filter((one) => one.onUpdateNow && one.name !== column)
    .map(({ name }) => `, ${quoteName(name)} = ${quoteName(name)}`);
  return `UPDATE ${quoteName(table.name)} SET ${quoteName(column)} = ${value}${kept.join('')} WHERE ${where}`;
}

/** What a row gets that has no value, or one that the column does not take: default, NULL or a made-up one. */
function stopgap(column: Column): string {
  if (column.default !== null) return column.default.toUpperCase().replace(/^'.*'$/s, column.default);
  if (column.nullable) return 'NULL';
  const first = /^enum\(('(?:[^']|'')*')/.exec(column.type)?.[1];
  if (first !== undefined) return first;
  if (isText(column.type)) return `CONCAT('restored ', ${quoteName('id')})`;
  return /^(timestamp|datetime)/.test(column.type) ? 'CURRENT_TIMESTAMP' : '0';
}

function fillNulls({ table, declared, live }: ColumnMend): RemedyPart[] {
  if (live === null || declared.nullable || !live.nullable) return [];
  const name = quoteName(declared.name);
  const key = table.foreignKeys.find((one) => one.columns[0] === declared.name);
  if (key?.onDelete === 'CASCADE') {
    return [
      note(
        `Rows without ${declared.name} belong to nothing. To look first: SELECT * FROM ${quoteName(table.name)} WHERE ${name} IS NULL`,
      ),
      statement(`DELETE FROM ${quoteName(table.name)} WHERE ${name} IS NULL`),
    ];
  }
  return [statement(updateSql(table, declared.name, stopgap(declared), `${name} IS NULL`))];
}

function replaceLostValues({ table, declared, live }: ColumnMend): RemedyPart[] {
  const [wanted, found] = [declared.type, live?.type ?? ''].map((type) => /^enum\((.*)\)$/.exec(type)?.[1]);
  if (wanted === undefined || found === undefined || wanted === found) return [];
  const where = `${quoteName(declared.name)} NOT IN (${wanted})`;
  const values = found.match(/'(?:[^']|'')*'/g) ?? [];
  const known = (wanted.match(/'(?:[^']|'')*'/g) ?? []).map((value) => value.toLowerCase());
  if (values.every((value) => known.includes(value.toLowerCase()))) return [];
  return [
    note(
      `Rows with a value that is not declared get ${stopgap(declared)}. To look first: SELECT * FROM ${quoteName(table.name)} WHERE ${where}`,
    ),
    statement(updateSql(table, declared.name, stopgap(declared), where)),
  ];
}

/** A type that takes less than the live one; what does not fit has to be dealt with by whoever knows the rows. */
function misfits({ table, declared, live }: ColumnMend): RemedyPart[] {
  const [wanted, found] = [declared.type, live?.type ?? ''].map(
    (type) => /^varchar\((\d+)\)$/.exec(type)?.[1],
  );
  const name = quoteName(declared.name);
  const look = (where: string): RemedyPart =>
    note(`Fails while rows hold what does not fit: SELECT * FROM ${quoteName(table.name)} WHERE ${where}`);
  if (declared.type === 'json' && live !== null && live.type !== 'json')
    return [look(`NOT JSON_VALID(${name})`)];
  if (wanted === undefined || (found !== undefined && Number(found) < Number(wanted))) return [];
  return live !== null && live.type !== declared.type ? [look(`CHAR_LENGTH(${name}) > ${wanted}`)] : [];
}

/** What gives one column its declared definition and, as far as they can be, keeps its values. */
export function mendColumn(mend: ColumnMend): RemedyPart[] {
  const { table, declared, text, live } = mend;
  const definition = columnSql(declared, text);
  if (live === null) {
    const lost = note(`The values of ${table.name}.${declared.name} are gone; a backup has them.`);
    const parts = [lost, statement(alterSql(table.name, `ADD ${definition}`))];
    const isEmpty = isText(declared.type) && declared.default === null && !declared.nullable;
    if (!isEmpty || declared.type.startsWith('enum')) return parts;
    const fill = updateSql(table, declared.name, stopgap(declared), `${quoteName(declared.name)} = ''`);
    return [...parts, statement(fill)];
  }
  if (/virtual/.test(live.extra)) {
    const drop = `DROP COLUMN ${quoteName(declared.name)}`;
    return [
      note(`${declared.name} is computed; a column with values of its own takes its place.`),
      statement(alterSql(table.name, drop, `ADD ${definition}`)),
    ];
  }
  // No value can be written into a computed column before it is a plain one
  const plain = { ...declared, nullable: true, default: null, onUpdateNow: false };
  const settling = /generated/.test(live.extra) && live.nullable && !declared.nullable;
  return [
    ...(settling ? [statement(alterSql(table.name, `MODIFY ${columnSql(plain, text)}`))] : []),
    ...fillNulls(mend),
    ...replaceLostValues(mend),
    ...misfits(mend),
    statement(alterSql(table.name, `MODIFY ${definition}`)),
  ];
}

/** What lets rows in again that do not know a column which is not declared. */
export function relaxColumn(table: string, live: Column): RemedyPart {
  const text =
    live.charset !== null && live.collation !== null
      ? { charset: live.charset, collation: live.collation }
      : null;
  return statement(alterSql(table, `MODIFY ${columnSql({ ...live, nullable: true }, text)}`));
}

/** What makes a column's values different from each other, for a unique index that is to come (back). */
export function separateDuplicates(table: Table, column: Column): RemedyPart[] {
  const length = Number(/^varchar\((\d+)\)$/.exec(column.type)?.[1] ?? 0);
  const width = length - ' ()'.length - 64;
  if (width <= 0) return [];
  const [of, name] = [quoteName(table.name), quoteName(column.name)];
  const kept = table.columns
    .filter((one) => one.onUpdateNow)
    .map(({ name: at }) => `, t.${quoteName(at)} = t.${quoteName(at)}`);
  return [
    note(`Rows that share a ${column.name} get their id appended, all but one of them.`),
    statement(
      `UPDATE ${of} t JOIN (SELECT ${name} AS shared, MIN(id) AS first FROM ${of} GROUP BY ${name} HAVING COUNT(*) > 1) d ` +
        `ON t.${name} = d.shared AND t.id <> d.first ` +
        `SET t.${name} = CONCAT(LEFT(t.${name}, ${width}), ${quoteText(' (')}, t.id, ${quoteText(')')})${kept.join('')}`,
    ),
  ];
}
