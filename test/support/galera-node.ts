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
    // Else it is Joining, Donor/Desynced, Initialized …
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
   * Ends the node without warning, and the scripts by which it sends or takes data, as a crash of the machine would. When
   * it is restarted, it takes all data anew: one that was killed in the midst of DDL may take that for done (a table was
   * missing after it had joined again).
   */
  override async kill(): Promise<void> {
    // A number that is long free may by now be another group's
    const group = this.isRunning ? this.pid : null;
    await super.kill();
    try {
      if (group !== null) process.kill(-group, 'SIGKILL');
    } catch {
      // The group had the server alone
    }
    await rm(join(this.directory, 'data', 'grastate.dat'), { force: true });
  }
}

/** A folder that everyone may read: the project's own may lie where only root may go. */
async function copyScripts(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of (await readdir(from)).filter((it) => it.startsWith('wsrep_sst_'))) {
    await cp(join(from, name), join(to, name));
    await chmod(join(to, name), 0o755);
  }
}

/** Makes a node's folder and data; the caller launches it, and stops it in any case. */
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
