import { select, type Queryable } from './queryable';
import { createHash } from 'node:crypto';

/** Global variables of a server by their names in small letters; one that the server does not have is left out. */
export type GlobalVariables = ReadonlyMap<string, string>;

/** Reads the global variables of these names. Needs no privilege. */
export async function readGlobalVariables(
  session: Queryable,
  names: readonly string[],
): Promise<GlobalVariables> {
  const rows = await select<{ Variable_name: string; Value: unknown }>(
    session,
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`,
  );
  return new Map(rows.map((row) => [row.Variable_name.toLowerCase(), String(row.Value)]));
}

/** What {@link isGaleraNode} has to know. */
export const galeraVariables = ['wsrep_on', 'wsrep_provider'] as const;

/** True for a member of a Galera cluster. Pure. */
export const isGaleraNode = (variables: GlobalVariables): boolean =>
  variables.get('wsrep_on') === 'ON' && !['', 'none'].includes(variables.get('wsrep_provider') ?? '');

/** The server that a session is on, as far as the lock is concerned. */
export interface Node {
  /** Tells it from every other one; begins with its name and port, for people. */
  readonly id: string;
  /** True for a member of a Galera cluster, whose sessions can be made to wait for what others have committed. */
  readonly isGalera: boolean;
  /** True where other servers write to the same tables, so that GET_LOCK, which is one server's, is not enough. */
  readonly isClustered: boolean;
}

const variables = [
  'hostname',
  'port',
  'datadir',
  'server_uuid',
  ...galeraVariables,
  'group_replication_group_name',
];

/**
 * Asks the session's server who it is, and whether it belongs to a cluster; needs no privilege. A member of a group is
 * taken for one of several primaries, which is on the safe side.
 *
 * @see https://galeracluster.com/documentation-webpages/mysqlwsrepoptions.html
 * @see https://dev.mysql.com/doc/refman/8.4/en/group-replication-options.html
 */
export async function readNode(session: Queryable): Promise<Node> {
  const value = await readGlobalVariables(session, variables);
  const name = `${value.get('hostname') ?? ''}:${value.get('port') ?? ''}`;
  const place = [name, value.get('datadir'), value.get('server_uuid')].join('\n');
  const isGalera = isGaleraNode(value);
  return {
    id: `${name.slice(0, 200)} ${createHash('sha256').update(place).digest('hex').slice(0, 16)}`,
    isGalera,
    isClustered: isGalera || (value.get('group_replication_group_name') ?? '') !== '',
  };
}
