import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Guardian } from '../../src/testing/server-process';
import { createServerFolder } from '../../src/testing/server-place';
import { ClusterNode, startLimitMs, type NodeState } from './cluster-node';
import type { GaleraInstallation } from './galera-installation';

/** One server of a Galera cluster. */
export class GaleraNode extends ClusterNode {
  readonly seeAllSql: string = 'SET SESSION wsrep_sync_wait = 15';

  protected async readState(connection: Connection, timeout: number): Promise<NodeState> {
    const sql = `SHOW GLOBAL STATUS LIKE 'wsrep%'`;
    const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout });
    const status = new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]));
    // Other states: Joining, Donor/Desynced, Initialized …
    const isSynced =
      status.get('wsrep_ready') === 'ON' && status.get('wsrep_local_state_comment') === 'Synced';
    return {
      isSynced,
      takesWrites: isSynced,
      clusterSize: Number(status.get('wsrep_cluster_size')),
      membership: status.get('wsrep_cluster_conf_id') ?? '',
    };
  }

  override async found(): Promise<void> {
    await this.launch(['--wsrep-new-cluster']);
  }

  /**
   * Kills the node and the scripts that send or receive its data, like a crash of the machine. After a restart it copies all data
   * again: a node that was killed during DDL may consider the DDL done (seen: a table was missing after it had rejoined).
   */
  override async kill(): Promise<void> {
    // The id of an ended process may already belong to another group
    const group = this.isRunning ? this.pid : null;
    await super.kill();
    try {
      if (group !== null) process.kill(-group, 'SIGKILL');
    } catch {
      // The group had no process but the server
    }
    await rm(join(this.directory, 'data', 'grastate.dat'), { force: true });
  }
}

/** Copies the scripts to a folder that everyone may read: the project's folder may be readable for root only. */
async function copyScripts(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of (await readdir(from)).filter((it) => it.startsWith('wsrep_sst_'))) {
    await cp(join(from, name), join(to, name));
    await chmod(join(to, name), 0o755);
  }
}

/** Makes a node's folder and data. The caller launches the node, and must stop it in any case. */
export async function createGaleraNode(
  { server, user, scripts }: GaleraInstallation,
  serverArguments: readonly string[],
): Promise<GaleraNode> {
  const directory = await createServerFolder();
  const programFolder = join(directory, 'programs');
  const installation = { ...server, user, programFolder };
  const options = { serverArguments, startLimitMs };
  const node = new GaleraNode(directory, installation, options, new Guardian(directory));
  try {
    await copyScripts(scripts, programFolder);
    await node.createData();
    if (user !== undefined) await promisify(execFile)('chown', ['-R', user, directory]);
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}
