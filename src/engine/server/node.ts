import { select, type Queryable } from './queryable';
import { createHash } from 'node:crypto';

/** Variables of a server, by name in lower case. A variable that the server does not have is missing. */
type Variables = ReadonlyMap<string, string>;

/** Reads the variables of these names. Needs no privilege. */
export async function readVariables(
  session: Queryable,
  scope: 'GLOBAL' | 'SESSION',
  names: readonly string[],
): Promise<Variables> {
  const rows = await select<{ Variable_name: string; Value: unknown }>(
    session,
    `SHOW ${scope} VARIABLES WHERE Variable_name IN (${names.map((name) => `'${name}'`).join(', ')})`,
  );
  return new Map(rows.map((row) => [row.Variable_name.toLowerCase(), String(row.Value)]));
}

/** The variables that {@link isGaleraNode} needs. */
export const galeraVariables = ['wsrep_on', 'wsrep_provider'] as const;

/** True for a member of a Galera cluster. Pure. */
export const isGaleraNode = (variables: Variables): boolean =>
  variables.get('wsrep_on') === 'ON' && !['', 'none'].includes(variables.get('wsrep_provider') ?? '');

/** What the lock needs to know of the server that a session is connected to. */
export interface Node {
  /** Unique to this server; begins with its name and port, for people. */
  readonly id: string;
  /** True for a member of a Galera cluster. Its sessions can wait for the commits of other nodes (wsrep_sync_wait). */
  readonly isGalera: boolean;
  /** True where other servers write to the same tables. GET_LOCK locks on one server only, so it is not enough there. */
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
 * Identifies the session's server, and finds out whether it belongs to a cluster. Needs no privilege. Treats every member
 * of a replication group as one of several primaries, which is the safe assumption.
 *
 * @see https://galeracluster.com/documentation-webpages/mysqlwsrepoptions.html
 * @see https://dev.mysql.com/doc/refman/8.4/en/group-replication-options.html
 */
export async function readNode(session: Queryable): Promise<Node> {
  const value = await readVariables(session, 'GLOBAL', variables);
  const name = `${value.get('hostname') ?? ''}:${value.get('port') ?? ''}`;
  const place = [name, value.get('datadir'), value.get('server_uuid')].join('\n');
  const isGalera = isGaleraNode(value);
  return {
    id: `${name.slice(0, 200)} ${createHash('sha256').update(place).digest('hex').slice(0, 16)}`,
    isGalera,
    isClustered: isGalera || (value.get('group_replication_group_name') ?? '') !== '',
  };
}
