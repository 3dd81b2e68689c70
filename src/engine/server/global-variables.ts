import { select, type Queryable } from './queryable';

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
