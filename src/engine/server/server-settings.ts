import { galeraVariables, isGaleraNode, readVariables } from './node';
import type { Queryable } from './queryable';
import type { Server } from './server';

/** A setting with which the server may lose acknowledged commits, or show them late. */
export interface UnsafeSetting {
  /** The system variable. */
  readonly name: string;
  readonly value: string;
  /** The smallest safe value. */
  readonly wanted: string;
  /** The setting, its value, and what may happen. */
  readonly message: string;
  /** SQL for an administrator to paste, with prose as SQL comments. */
  readonly remedy: string;
}

/** The server's settings that decide whether acknowledged commits are safe. */
export interface ServerSettings {
  readonly unsafe: readonly UnsafeSetting[];
  /** The safe settings, each as `name is value`. */
  readonly safe: readonly string[];
}

const flush = 'innodb_flush_log_at_trx_commit';
const syncWait = 'wsrep_sync_wait';
/** wsrep_sync_wait is a bit mask; this bit makes reads wait. */
const readsWait = 1;

/** How to change the setting, now and after a restart. */
function remedyOf(name: string, wanted: string, server: Server, isGalera: boolean): string {
  if (server.flavour === 'mysql') return `SET PERSIST ${name} = ${wanted};`;
  return [
    ...(isGalera ? ['-- On each node of the cluster:'] : []),
    `SET GLOBAL ${name} = ${wanted};`,
    `-- And in the server's configuration, so that a restart keeps it: ${name} = ${wanted}`,
  ].join('\n');
}

function lossBy(value: string, isGalera: boolean): string {
  if (isGalera) return 'a crash of several machines in quick succession';
  return value === '0' ? 'a crash of the server or of its machine' : "a crash of the server's machine";
}

/**
 * Finds unsafe server settings: commits that are not synced to the disk, and reads of a Galera node that do not wait for
 * the commits of other nodes. Needs no privilege.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html#sysvar_innodb_flush_log_at_trx_commit
 * @see https://galeracluster.com/documentation-webpages/mysqlwsrepoptions.html
 */
export async function readServerSettings(session: Queryable, server: Server): Promise<ServerSettings> {
  const values = await readVariables(session, 'GLOBAL', [flush, ...galeraVariables, syncWait]);
  const isGalera = isGaleraNode(values);
  const flushed = values.get(flush) ?? '1';
  const waits = Number(values.get(syncWait) ?? 0);
  const judged = [
    {
      ...{ name: flush, value: flushed, wanted: '1', isSafe: flushed === '1' },
      consequence: `${lossBy(flushed, isGalera)} may lose commits of the last second, although they were acknowledged`,
    },
  ];
  if (isGalera)
    judged.push({
      ...{ name: syncWait, value: String(waits), wanted: String(waits | readsWait) },
      isSafe: (waits & readsWait) !== 0,
      consequence: 'a read may miss what another node acknowledged a moment ago',
    });
  const inWords = ({ name, value }: { name: string; value: string }): string => `${name} is ${value}`;
  return {
    safe: judged.filter(({ isSafe }) => isSafe).map(inWords),
    unsafe: judged
      .filter(({ isSafe }) => !isSafe)
      .map(({ name, value, wanted, consequence }) => ({
        ...{ name, value, wanted },
        message: `${inWords({ name, value })}: ${consequence}`,
        remedy: remedyOf(name, wanted, server, isGalera),
      })),
  };
}
