import { currentDatabase } from '../../schema/catalog/scope';
import { readVariables } from '../../server/node';
import { quoteName, select, type Queryable } from '../../server/queryable';
import type { Server } from '../../server/server';
import {
  parseGrants,
  databaseToGrantOn,
  holdsOnServer,
  privilegesIn,
  type GrantRules,
  quotedUser,
  type Grant,
  type Holds,
} from './grants';

/** The setting that forbids writes. */
export type ReadOnlyReason =
  'read_only' | 'super_read_only' | 'innodb_read_only' | 'transaction' | 'init_connect' | 'schema';

/** The session's user, and what it may do. */
export interface Access {
  /** As GRANT takes it: `'user'@'host'`. */
  readonly user: string;
  readonly database: string;
  /** The database's spelling for a GRANT on the whole of it; null where the GRANT should name tables instead. */
  readonly grantScope: string | null;
  /** The same, regardless of the user's grants on tables. */
  readonly wholeScope: string;
  /** Null where the grants can't be read, or do not decide. */
  readonly holds: Holds | null;
  readonly readOnly: ReadOnlyReason | null;
  /** The engine that MariaDB forces on every new table; null where it is InnoDB, or none is forced. */
  readonly enforcedEngine: string | null;
}

const variableNames = [
  'read_only',
  'super_read_only',
  'innodb_read_only',
  'transaction_read_only',
  'tx_read_only', // MariaDB before 11.1
  'init_connect',
  'enforce_storage_engine',
  'partial_revokes',
  'lower_case_table_names',
];

/** MySQL: ALTER SCHEMA … READ ONLY. @see https://dev.mysql.com/doc/refman/8.4/en/alter-database.html */
async function isSchemaReadOnly(session: Queryable, server: Server): Promise<boolean> {
  if (server.flavour !== 'mysql') return false;
  const rows = await select<{ options: string | null }>(
    session,
    'SELECT OPTIONS AS options FROM information_schema.SCHEMATA_EXTENSIONS WHERE SCHEMA_NAME = DATABASE()',
  );
  return rows.some(({ options }) => options?.includes('READ ONLY=1') === true);
}

/**
 * The privileges with which a user may write despite read_only, as SHOW GRANTS spells them. On MariaDB, SUPER is not enough
 * (tried on 10.11). @see https://mariadb.com/kb/en/grant/#read_only-admin
 */
const writesAnyway = { mariadb: ['READ_ONLY ADMIN'], mysql: ['SUPER', 'CONNECTION_ADMIN'] } as const;

const ofMore = (grants: readonly Grant[]): Grant[] => grants.filter(({ table }) => table === null);

/**
 * Reads the session's user, its grants, and whether the server takes writes. On both servers SHOW GRANTS prints the grants of
 * active roles too (tried), so USING is not needed.
 */
export async function readAccess(session: Queryable, server: Server): Promise<Access> {
  const database = await currentDatabase(session);
  const [who] = await select<{ user: string; role: string | null }>(
    session,
    'SELECT CURRENT_USER() AS user, CURRENT_ROLE() AS role',
  );
  const variables = await readVariables(session, 'SESSION', variableNames);
  const lines = await select(session, 'SHOW GRANTS').catch(() => null);
  const grants = lines && parseGrants(lines.map((row) => String(Object.values(row)[0])));
  const isOn = (name: string): boolean => /^(ON|1)$/i.test(variables.get(name) ?? '');
  const rules: GrantRules = {
    database,
    literalNames: isOn('partial_revokes'),
    foldCase: (variables.get('lower_case_table_names') ?? '0') !== '0',
    anyPattern: server.flavour === 'mysql' && who?.role !== null && who?.role !== 'NONE',
  };
  const user = who?.user ?? '';

  async function readOnly(): Promise<ReadOnlyReason | null> {
    if (isOn('innodb_read_only')) return 'innodb_read_only';
    if (isOn('super_read_only')) return 'super_read_only';
    const mayNotWrite =
      grants !== null && !writesAnyway[server.flavour].some((one) => holdsOnServer(grants, one));
    if (isOn('read_only') && mayNotWrite) return 'read_only';
    if (isOn('transaction_read_only') || isOn('tx_read_only'))
      return /read[ _]only/i.test(variables.get('init_connect') ?? '') ? 'init_connect' : 'transaction';
    return (await isSchemaReadOnly(session, server)) ? 'schema' : null;
  }

  const engine = variables.get('enforce_storage_engine') ?? '';

  return {
    user: quotedUser(user),
    database,
    grantScope: grants && databaseToGrantOn(grants, rules, user),
    wholeScope: (grants && databaseToGrantOn(ofMore(grants), rules, user)) ?? database,
    holds: grants && privilegesIn(grants, rules),
    readOnly: await readOnly(),
    enforcedEngine: engine === '' || engine.toLowerCase() === 'innodb' ? null : engine,
  };
}

/** GRANT on one table, without its semicolon. */
export function grantSql(access: Access, privileges: readonly string[], table: string): string {
  return `GRANT ${privileges.join(', ')} ON ${quoteName(access.database)}.${quoteName(table)} TO ${access.user}`;
}

/** True where the user certainly lacks the privilege. */
export const mayNot = (access: Access, privilege: string, table: string): boolean =>
  access.holds?.(privilege, table) === false;

/** A privilege needed on a table. */
export interface Need {
  readonly privilege: string;
  readonly table: string;
}

/** The privileges for the lease of the lock, which a run in a cluster needs; CREATE where its table is missing. Pure. */
export const leaseNeeds = (table: string, exists: boolean): Need[] =>
  [...(exists ? [] : ['CREATE']), 'INSERT', 'SELECT', 'UPDATE'].map((privilege) => ({ privilege, table }));

const byGranter = (grants: readonly string[]): string =>
  `-- To be executed by a user who may grant it:\n${grants.join('\n')}`;

/** The GRANT of a privilege on the whole database, whatever the user's grants are. Pure. */
export const grantOnDatabase = ({ user, wholeScope }: Access, privilege: string): string =>
  byGranter([`GRANT ${privilege} ON ${quoteName(wholeScope)}.* TO ${user};`]);

/**
 * The shortest list of GRANTs for all missing privileges: one on the whole database where the user's grants have that form,
 * else one for each table.
 *
 * @param isThere false for a table that does not exist yet. Default: all exist
 */
export function grantRemedy(
  access: Access,
  missing: readonly Need[],
  isThere: (table: string) => boolean = () => true,
): string {
  const tables = [...new Set(missing.map(({ table }) => table))];
  const privilegesOf = (some: readonly Need[]): string[] => [
    ...new Set(some.map(({ privilege }) => privilege)),
  ];
  const grants =
    access.grantScope !== null && tables.length > 1
      ? [
          `GRANT ${privilegesOf(missing).sort().join(', ')} ON ${quoteName(access.grantScope)}.* TO ${access.user};`,
        ]
      : tables.map((table) => {
          const privileges = privilegesOf(missing.filter((need) => need.table === table));
          // No server grants a privilege on a missing table, except together with CREATE (1146, tried)
          const all = isThere(table) ? privileges : [...new Set(['CREATE', ...privileges])];
          return `${grantSql(access, all, table)};`;
        });
  return byGranter(grants);
}
