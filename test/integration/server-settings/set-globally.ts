import { select, type Queryable } from '../../../src/engine/server/queryable';
import type { HostileSetting } from './hostile-settings';

/**
 * Sets them for all sessions that begin from now on, those that the server has; the names of those it has not are left
 * out.
 *
 * @returns what takes them back
 */
export async function setGlobally(
  session: Queryable,
  settings: readonly HostileSetting[],
): Promise<() => Promise<void>> {
  const rows = await select<{ Variable_name: string }>(session, 'SHOW GLOBAL VARIABLES');
  const known = new Set(rows.map((row) => row.Variable_name));
  const set = settings.filter(([name]) => known.has(name));
  for (const [name, value] of set) await session.query(`SET GLOBAL ${name} = ${value}`);
  return async () => {
    for (const [name] of set) await session.query(`SET GLOBAL ${name} = DEFAULT`);
  };
}
