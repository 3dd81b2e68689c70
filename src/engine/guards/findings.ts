import { declaredSchemaOf } from '../subject/subject';
import { grantRemedy, mayNot, type Access } from '../preflight/access/read-access';
import { readCatalog } from '../schema/catalog/read-catalog';
import { guardedTables, type GuardColumn, type Guards } from '../subject/parts';
import { errnoOf, quoteName, select, type Queryable } from '../server/queryable';
import type { Database } from '../session/database';
import { note, remedyText, statement } from '../steps/remedy';
import { findingOf, type Finding } from '../preflight/finding';
import { inOrder } from '../schema/catalog/scope';

/** ER_BINLOG_CREATE_ROUTINE_NEED_SUPER: with a binary log, only a user with SUPER may create triggers. */
const logDoesNotTrust = 1419;
/** ER_DUP_ENTRY. */
const duplicate = 1062;

/** The privileges that the account lacks for the guards. Their triggers run as this account, whoever writes. */
export function privilegeFindings(guards: Guards, access: Access, isInstall: boolean): Finding[] {
  const altered = guards.columns.map(({ table }) => table);
  return guardedTables(guards).flatMap((table) => {
    const used = isInstall ? ['SELECT', 'UPDATE'] : [];
    const needed = ['TRIGGER', ...used, ...(altered.includes(table) ? ['ALTER'] : [])];
    const missing = needed.filter((privilege) => mayNot(access, privilege, table));
    if (missing.length === 0) return [];
    return findingOf('PRIVILEGE_MISSING', {
      table,
      message: `${access.user} lacks ${missing.join(', ')} on ${table}, which the guards need: their triggers work as the account that makes them`,
      remedy: grantRemedy(
        access,
        missing.map((privilege) => ({ privilege, table })),
      ),
      details: { user: access.user, scope: `${access.database}.${table}`, privileges: missing },
    });
  });
}

/** Rows with the same value in a guard's column, which its unique index would refuse. */
interface SharedValue {
  readonly value: string;
  /** The primary keys of up to ten rows. */
  readonly rows: readonly string[];
}

const sharedShown = 20;

/** Reads up to twenty values that several rows share, by the expression of the column. */
async function readSharedValues(
  session: Queryable,
  { table, expression }: GuardColumn,
): Promise<SharedValue[]> {
  const found = await select<{ value: string; ids: string }>(
    session,
    `SELECT v AS value, GROUP_CONCAT(k ORDER BY k SEPARATOR '\\n') AS ids
       FROM (SELECT (${expression}) AS v, ${quoteName('id')} AS k FROM ${quoteName(table)}) AS some
      WHERE v IS NOT NULL GROUP BY v HAVING COUNT(*) > 1 LIMIT ${sharedShown}`,
  );
  return inOrder(
    found.map(({ value, ids }) => ({ value, rows: ids.split('\n').slice(0, 10) })),
    ({ value }) => value,
  ).slice();
}

/** The finding for rows that the unique index would refuse. */
async function sharedFindings(
  session: Queryable,
  { subject: { command } }: Database,
  column: GuardColumn,
): Promise<Finding[]> {
  const shared = await readSharedValues(session, column);
  if (shared.length === 0) return [];
  const { table, index, repair } = column;
  const named = shared.map(({ value, rows }) => `${value} (${rows.join(', ')})`);
  return [
    findingOf('GUARD_ROWS_IN_THE_WAY', {
      table,
      message: `rows of ${table} share what only one may have, so that ${index} can't be made: ${named.join('; ')}`,
      remedy: remedyText([
        note(repair.title),
        ...repair.statements.map(statement),
        note(`Then: ${command} guard install`),
      ]),
      details: { index, shared: shared.map(({ value, rows }) => ({ value, rows: [...rows] })) },
    }),
  ];
}

/** The findings that stop an installation, before its first statement. */
export async function findingsBefore(
  session: Queryable,
  database: Database,
  guards: Guards,
  access: Access,
): Promise<Finding[]> {
  const { server, subject } = database;
  const tables = guardedTables(guards).filter((name) => declaredSchemaOf(subject).has(name));
  const live = await readCatalog(session, server, tables);
  const missing = tables.filter((name) => !live.has(name) || live.get(name)?.engine === 'VIEW');
  if (missing.length > 0)
    return missing.map((table) =>
      findingOf('MIGRATION_PENDING', {
        table,
        message: `there is no table ${table} to be guarded yet`,
        remedy: `${subject.command} migrate`,
        details: { table },
      }),
    );
  const lacking = privilegeFindings(guards, access, true);
  if (lacking.length > 0) return lacking;
  const shared = await Promise.all(guards.columns.map((column) => sharedFindings(session, database, column)));
  return shared.flat();
}

/** Turns a refused statement into findings; null for any other error. */
export async function findingsOf(
  error: unknown,
  session: Queryable,
  database: Database,
  guards: Guards,
  { user, database: name }: Access,
): Promise<Finding[] | null> {
  if (errnoOf(error) === duplicate) {
    const found = guards.columns.map((column) => sharedFindings(session, database, column));
    return (await Promise.all(found)).flat();
  }
  if (errnoOf(error) !== logDoesNotTrust) return null;
  const remedy = [
    note('By a user with SUPER. Or let such a user install the guards, whose account they then work as.'),
    statement('SET GLOBAL log_bin_trust_function_creators = 1'),
    note(`Then: ${database.subject.command} guard install. Afterwards it may be 0 again.`),
  ];
  return [
    findingOf('PRIVILEGE_MISSING', {
      message: `${user} may make no trigger on this server: it keeps a binary log, and log_bin_trust_function_creators is off (errno ${logDoesNotTrust})`,
      remedy: remedyText(remedy),
      details: { user, scope: name, privileges: ['SUPER'] },
    }),
  ];
}
