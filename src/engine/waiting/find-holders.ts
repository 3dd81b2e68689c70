import { select, type Queryable } from '../server/queryable';
import { quotedUser } from '../preflight/access/grants';
import { openTransactions, type Holders, type Wanted, lockPlugin, performanceSchema } from './holders';

const name = '(?:`(?:[^`]|``)+`|[A-Za-z0-9_$]+)';
const reference = new RegExp(
  `(?:\\b(?:TABLE(?:\\s+IF(?:\\s+NOT)?\\s+EXISTS)?|REFERENCES|FROM|JOIN|INTO)|(?<!\\b(?:ON|FOR)\\s)\\bUPDATE)\\s+` +
    `(${name})(?:\\s*\\.\\s*(${name}))?`,
  'gi',
);

const unquoted = (text: string): string =>
  text.startsWith('`') ? text.slice(1, -1).replaceAll('``', '`') : text;

/** A table that a statement names; `schema` is null for a table of the session's database. */
interface NamedTable {
  readonly schema: string | null;
  readonly name: string;
}

/** The tables that one of this package's own statements names, with the parents of foreign keys. Pure. */
export function namedTables(sql: string): NamedTable[] {
  const tables = new Map<string, NamedTable>();
  // The server opens the tables in a trigger's body when the trigger fires, not when it is created
  const [trigger = sql] = /^\s*CREATE TRIGGER .*? ON .*? FOR EACH ROW/i.exec(sql) ?? [];
  const named = trigger.replace(/\b(?:BEFORE|AFTER) (?:INSERT|UPDATE|DELETE) ON /i, 'TABLE ');
  for (const [, first = '', second] of named.matchAll(reference)) {
    const table =
      second === undefined
        ? { schema: null, name: unquoted(first) }
        : { schema: unquoted(first), name: unquoted(second) };
    if (table.schema !== 'information_schema') tables.set(JSON.stringify(table), table);
  }
  return [...tables.values()];
}

interface Asking {
  readonly account: string;
  readonly database: string | null;
  readonly version: string;
  readonly instrumented: number | string;
}

const orNull = (): null => null;

/**
 * Finds who holds the tables that a statement waits for. Reads the server's list of metadata locks (performance_schema,
 * or MariaDB's plugin metadata_lock_info) where this user may see it, else the open transactions.
 *
 * @param session another session than the one that waits
 * @throws the server's error where the connection is lost
 */
export async function findHolders(session: Queryable, wanted: Wanted): Promise<Holders> {
  const [asking] = await select<Asking>(
    session,
    `SELECT CURRENT_USER() AS account, DATABASE() AS \`database\`, VERSION() AS version,
            @@performance_schema AS instrumented`,
  );
  const user = quotedUser(asking?.account ?? '');
  const objects = namedTables(wanted.sql).map(({ schema, name }) => ({
    type: 'TABLE',
    schema: schema ?? asking?.database ?? null,
    name,
  }));
  const list =
    (await performanceSchema(session, wanted, objects).catch(orNull)) ??
    (await lockPlugin(session, wanted, objects).catch(orNull));
  if (list !== null) {
    const tables = [...new Set(list.objects.map((object) => object.name ?? object.type.toLowerCase()))];
    return { tables, blockers: list.blockers, from: 'locks', user, remedy: null };
  }

  const tables = objects.map(({ name }) => name);
  const isMariadb = /mariadb/i.test(asking?.version ?? '');
  const grantLocks =
    !isMariadb && Number(asking?.instrumented) === 1
      ? `GRANT SELECT ON performance_schema.* TO ${user};`
      : null;
  const blockers = await openTransactions(session, wanted).catch(orNull);
  if (blockers === null) {
    const remedy = grantLocks ?? `GRANT PROCESS ON *.* TO ${user};`;
    return { tables, blockers: [], from: 'nothing', user, remedy };
  }
  const remedy = isMariadb ? "INSTALL SONAME 'metadata_lock_info';" : grantLocks;
  return { tables, blockers, from: 'transactions', user, remedy };
}
