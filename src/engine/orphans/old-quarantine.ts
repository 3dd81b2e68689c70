import { affectedRows, tableExists, quoteName, select, type Queryable } from '../server/queryable';
import { withWarnings } from '../server/row-transaction';
import { hasParents, readWithParents, type Left, type RestoreContext, type Source } from './restore-rows';
import { readRowTable, sqlNameOf, type RowColumn } from './rows';

/**
 * A value in the JSON. It is a text, so that no number loses a digit. Binary values, and texts in a charset that does not
 * survive a conversion, are hexadecimal digits. An ENUM's value may have its list index, which is 0 for the error value.
 */
type StoredValue =
  string | null | { readonly text?: string | null; readonly hex?: string | null; readonly index?: string };

type StoredRow = Readonly<Record<string, StoredValue>>;

/** A stored value's text or hexadecimal digits; null for NULL. */
const textOf = (value: StoredValue): string | null =>
  value !== null && typeof value === 'object' ? (value.text ?? value.hex ?? null) : value;

/** True for the error value of an ENUM. The oldest versions stored it as '' without an index. */
function isErrorValue({ kind, type }: RowColumn, value: StoredValue): boolean {
  if (kind !== 'enum') return false;
  if (value !== null && typeof value === 'object' && value.index !== undefined) return value.index === '0';
  const listsEmpty = [...type.matchAll(/'((?:[^']|'')*)'/g)].some(([, member]) => member === '');
  return textOf(value) === '' && !listsEmpty;
}

/** A literal that is safe under any sql_mode, without a `?`, which the driver would take for a parameter. */
const textLiteral = (text: string): string =>
  /^[\w .,:/-]*$/.test(text) ? `'${text}'` : `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`;

/** The SQL of a stored value, for an INSERT into the column. */
function valueSql(column: RowColumn, value: StoredValue): string {
  const text = textOf(value);
  if (text === null) return 'NULL';
  if (isErrorValue(column, value)) return '0';
  if (value !== null && typeof value === 'object' && value.hex !== undefined) return `X'${text}'`;
  if (column.kind === 'bit') return `CAST('${text}' AS UNSIGNED)`;
  // MariaDB's ascii columns accept any byte, so the value was stored through latin1
  if (column.charset === 'ascii') return `CAST(CONVERT(${textLiteral(text)} USING latin1) AS BINARY)`;
  return textLiteral(text);
}

/** WARN_DATA_TRUNCATED: a value that is not in the ENUM's list. */
const notListed = 1265;

/**
 * Inserts a row with ENUM error values, which a strict server refuses (1265, also as the number 0). Returns null where each
 * warning is about one of them. Else removes the row again, and returns the server's message.
 */
async function insertWithErrorValues(
  session: Queryable,
  insert: () => Promise<Left | null>,
  errorValues: number,
): Promise<Left | null> {
  await session.query('SAVEPOINT row_restored');
  const [left, warnings] = await withWarnings(
    session,
    async () =>
      [
        await insert(),
        await select<{ Code: number | string; Message: string }>(session, 'SHOW WARNINGS'),
      ] as const,
  );
  const other = warnings.find(({ Code: code }) => Number(code) !== notListed);
  if (left !== null || (other === undefined && warnings.length === errorValues)) return left;
  await session.query('ROLLBACK TO SAVEPOINT row_restored');
  return { reason: 'refused', answer: (other ?? warnings.at(-1))?.Message ?? '' };
}

/** Reads the table that quarantined rows return to, by its name in quarantine. */
async function readTarget(context: RestoreContext, database: string | null, name: string) {
  const table = await readRowTable(context.session, context.server.flavour, { database, name });
  const live = database === null ? await readWithParents(context, name) : new Map();
  return { table, live };
}

/**
 * The quarantine of older versions: one table, `…_orphans`, with rows of any table and database as JSON. This version only
 * restores from it.
 */
export async function oldSources(context: RestoreContext): Promise<Source[]> {
  const { session, owner } = context;
  const name = `${owner.tablePrefix}_orphans`;
  if (!(await tableExists(session, name))) return [];
  const [limits] = await select<{ bytes: number | string }>(session, 'SELECT @@max_allowed_packet AS bytes');
  const targets = new Map<string, ReturnType<typeof readTarget>>();
  return [
    {
      name,
      idColumn: 'id',
      keyColumn: 'foreign_key',
      selected: `CONCAT_WS('.', r.database_name, r.table_name) AS \`table\`, r.row_key AS rowKey, r.database_name AS \`database\`, r.table_name AS name`,
      async putBack({ id, ...row }) {
        const at = { database: row.database as string | null, name: row.name as string };
        const known = targets.get(row.table) ?? readTarget(context, at.database, at.name);
        targets.set(row.table, known);
        const { table, live } = await known;
        if (table === null) return { reason: 'table-missing', answer: null };
        const [kept] = await select<{ json: string }>(
          session,
          `SELECT CAST(\`columns\` AS CHAR) AS json FROM ${quoteName(name)} WHERE id = ${id}`,
        );
        const stored = JSON.parse(kept?.json ?? '{}') as StoredRow;
        const columns = table.columns.filter((one) => !one.isGenerated && Object.hasOwn(stored, one.name));
        const values = new Map(columns.map((one) => [one.name, valueSql(one, stored[one.name] ?? null)]));
        const isLost = (column: string): boolean => !table.columns.some((one) => one.name === column);
        if (Object.keys(stored).some((column) => isLost(column) && textOf(stored[column] ?? null) !== null))
          return { reason: 'columns-changed', answer: null };
        const sql =
          `INSERT INTO ${sqlNameOf(at)} (${[...values.keys()].map(quoteName).join(', ')}) SELECT ${[...values.values()].join(', ')} ` +
          `FROM DUAL WHERE ${hasParents(owner, live, at.name, (column) => values.get(column) ?? 'NULL')}`;
        if (Buffer.byteLength(sql) >= Number(limits?.bytes)) return { reason: 'too-large', answer: null };
        const insert = async (): Promise<Left | null> =>
          affectedRows(await session.query(sql)) === 1 ? null : { reason: 'parent-missing', answer: null };
        const errorValues = columns.filter((one) => isErrorValue(one, stored[one.name] ?? null)).length;
        return errorValues === 0 ? insert() : insertWithErrorValues(session, insert, errorValues);
      },
    },
  ];
}
