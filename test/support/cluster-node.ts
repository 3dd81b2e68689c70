import { createConnection, type Connection } from 'mysql2/promise';
import { isProtectionFlowsError } from '../../src/errors';
import { PrivateServer } from '../../src/testing/private-server';
import type { Command } from '../../src/testing/server-installation';
import { waitFor } from './wait-for';

/** A node that is paused or starting accepts connections but does not answer. */
const answerLimitMs = 2_000;
/** Long, because three nodes start at once, perhaps while other workers run tests. */
export const startLimitMs = 180_000;

/** How long a node may take until it is synced, and how often it is polled. */
export const syncLimits = { timeoutMs: startLimitMs, pollMs: 100 };

/** How often a start is tried if the server ends during its start. */
const startAttempts = 3;

/**
 * Starts one or several servers, and starts them again if one ends during its start. A node that loses the others while it
 * joins ends itself, and relies on somebody, such as systemd, to start it again.
 */
export async function startAnew<Started>(start: () => Promise<Started>): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === startAttempts || !isProtectionFlowsError(error, 'SERVER_START_FAILED')) throw error;
    }
  }
}

/** The state of a node in the cluster, by its own report. */
export interface NodeState {
  /** True if it has every row of the cluster and accepts statements. */
  readonly isSynced: boolean;
  /** True if it accepts writes too. */
  readonly takesWrites: boolean;
  /** How many nodes it sees, itself included. */
  readonly clusterSize: number;
  /** Identifies the membership that it knows. A node that hung knows an old one for a while. */
  readonly membership: string;
}

/** True for a node that has every row of the cluster, accepts statements, and sees `size` nodes, if given. */
export const takesPart = (state: NodeState, size = state.clusterSize): boolean =>
  state.isSynced && state.clusterSize === size;

/** One server of a cluster: a private server that can be paused, and rejoins the others after a restart. */
export abstract class ClusterNode extends PrivateServer {
  /** SQL that makes a session see everything that was committed on any node before. */
  abstract readonly seeAllSql: string;

  /** Reads the state. Each query has the timeout, in milliseconds. */
  protected abstract readState(connection: Connection, timeout: number): Promise<NodeState>;

  /** A file to which its process writes its id at the start, so that the network can control it; null: none. */
  networkEntry: string | null = null;

  protected override commandWith(args: readonly string[]): Command {
    const command = super.commandWith(args);
    if (this.networkEntry === null) return command;
    const inside = [this.networkEntry, command.program, ...command.args];
    return {
      ...command,
      program: 'sh',
      args: ['-c', 'echo $$ > "$0" && exec "$@"', ...inside],
    };
  }

  /** Launches it as the first node of a new cluster, with its present data. */
  abstract found(): Promise<void>;

  /** Makes the launched server join the others. By default the server does so itself. */
  protected async joinOthers(): Promise<void> {
    // Its arguments make it join
  }

  /** Launches it and makes it join. The others may not let it in yet; the caller makes it {@link rejoin} then. */
  async join(): Promise<void> {
    await this.launch();
    await this.joinOthers().catch(() => undefined);
  }

  /** Makes it join again if the others have excluded it. By default the server does so itself. */
  async rejoin(): Promise<void> {
    // It rejoins as soon as it can reach them
  }

  /** Pauses the process, like a machine that hangs. The others exclude it after some seconds. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** Resumes a paused process. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** @throws if it does not answer within two seconds */
  async state(): Promise<NodeState> {
    const { host, port, username: user, password } = this;
    const connection = await createConnection({ host, port, user, password, connectTimeout: answerLimitMs });
    connection.on('error', () => undefined);
    try {
      return await this.readState(connection, answerLimitMs);
    } finally {
      connection.destroy();
    }
  }

  /** True if it has every row of the cluster and accepts statements; false also if it does not answer. */
  async isSynced(): Promise<boolean> {
    const found = await this.state().catch(() => null);
    return found !== null && takesPart(found);
  }

  /** True if it accepts writes; false also if it does not answer. */
  async takesWrites(): Promise<boolean> {
    const found = await this.state().catch(() => null);
    return found !== null && found.takesWrites;
  }

  /** Resolves once it is synced and sees this many nodes, if given. */
  async waitUntilSynced(clusterSize?: number): Promise<void> {
    await waitFor(async () => takesPart(await this.state(), clusterSize), syncLimits);
  }

  /** Restarts the node. It has joined the running nodes and is synced when the promise resolves. */
  override async restart(extraArguments: readonly string[] = []): Promise<void> {
    await startAnew(() => super.restart(extraArguments));
    // The others may not let it in before they have noticed its loss
    await this.joinOthers().catch(() => undefined);
    await waitFor(async () => {
      if (takesPart(await this.state())) return true;
      await this.rejoin();
      return false;
    }, syncLimits);
  }

  /** Stops the node without a shutdown, which would take seconds to leave the cluster. */
  override async stop(): Promise<void> {
    await this.kill();
    await super.stop();
  }
}
