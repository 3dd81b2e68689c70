import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Guardian } from '../../src/testing/server-process';
import { PrivateServer } from '../../src/testing/private-server';
import { createServerFolder } from '../../src/testing/server-place';
import type { GaleraInstallation } from './galera-installation';
import { waitFor } from './wait-for';

/** A node that is paused, or is starting, takes connections and says nothing. */
const answerLimitMs = 2_000;
/** Three nodes start at once, perhaps beside the tests of other workers. */
const startLimitMs = 180_000;

/** What the server says of its place in the cluster. */
export interface GaleraState {
  /** `Synced` where it takes part; `Joining`, `Donor/Desynced`, `Initialized` … */
  readonly state: string;
  /** True where it takes statements. */
  readonly ready: boolean;
  /** How many nodes it sees, itself included. */
  readonly clusterSize: number;
  /** The number of the cluster's membership as it knows it: a node that hung knows an old one until it is told. */
  readonly configuration: string;
}

/** How long a node may take until it is synced, and how often it is asked. */
export const syncLimits = { timeoutMs: startLimitMs, pollMs: 100 };

/** True for a node that has every row of the cluster and takes statements; where told, of a cluster of so many. */
export const takesPart = ({ ready, state, clusterSize }: GaleraState, size = clusterSize): boolean =>
  ready && state === 'Synced' && clusterSize === size;

/** One server of a Galera cluster: a private server that can be paused, and joins the others when restarted. */
export class GaleraNode extends PrivateServer {
  /** Stops the process where it is, as a machine that hangs: the others drop it after five seconds. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** Lets a paused process go on. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
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

  /** @throws where it does not answer within two seconds */
  async state(): Promise<GaleraState> {
    const { host, port, username: user, password } = this;
    const connection = await createConnection({ host, port, user, password, connectTimeout: answerLimitMs });
    connection.on('error', () => undefined);
    try {
      const sql = `SHOW GLOBAL STATUS LIKE 'wsrep%'`;
      const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: answerLimitMs });
      const status = new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]));
      return {
        state: status.get('wsrep_local_state_comment') ?? '',
        ready: status.get('wsrep_ready') === 'ON',
        clusterSize: Number(status.get('wsrep_cluster_size')),
        configuration: status.get('wsrep_cluster_conf_id') ?? '',
      };
    } finally {
      connection.destroy();
    }
  }

  /** True where it has every row of the cluster and takes statements; false also where it does not answer. */
  async isSynced(): Promise<boolean> {
    const found = await this.state().catch(() => null);
    return found !== null && takesPart(found);
  }

  /** Resolves once it is synced and, where told, sees so many nodes. */
  async waitUntilSynced(clusterSize?: number): Promise<void> {
    await waitFor(async () => takesPart(await this.state(), clusterSize), syncLimits);
  }

  /** Starts the node again; it joins the nodes that are there, and is synced when the promise resolves. */
  override async restart(extraArguments: readonly string[] = []): Promise<void> {
    await super.restart(extraArguments);
    await this.waitUntilSynced();
  }

  /** Without the farewell to the others that a shutdown takes seconds for. */
  override async stop(): Promise<void> {
    await this.kill();
    await super.stop();
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
