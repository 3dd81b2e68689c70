import { createConnection, type Connection } from 'mysql2/promise';
import { isProtectionFlowsError } from '../../src/errors';
import { PrivateServer } from '../../src/testing/private-server';
import type { Command } from '../../src/testing/server-installation';
import { waitFor } from './wait-for';

/** A node that is paused, or is starting, takes connections and says nothing. */
const answerLimitMs = 2_000;
/** Three nodes start at once, perhaps beside the tests of other workers. */
export const startLimitMs = 180_000;

/** How long a node may take until it is synced, and how often it is asked. */
export const syncLimits = { timeoutMs: startLimitMs, pollMs: 100 };

/** How often a start is tried where the server ends while it starts. */
const startAttempts = 3;

/**
 * Starts a server or several, anew where one of them ends while it starts: a node that loses the others while it joins
 * ends itself, and waits for somebody to start it, as systemd would.
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

/** What a node says of its place in the cluster. */
export interface NodeState {
  /** True where it has every row of the cluster and takes statements. */
  readonly isSynced: boolean;
  /** True where it takes writes too. */
  readonly takesWrites: boolean;
  /** How many nodes it sees, itself included. */
  readonly clusterSize: number;
  /** The cluster's membership as it knows it: a node that hung knows an old one until it is told. */
  readonly membership: string;
}

/** True for a node that has every row of the cluster and takes statements; where told, of a cluster of so many. */
export const takesPart = (state: NodeState, size = state.clusterSize): boolean =>
  state.isSynced && state.clusterSize === size;

/** One server of a cluster: a private server that can be paused, and joins the others when restarted. */
export abstract class ClusterNode extends PrivateServer {
  /** Lets a session read what was committed at any node before. */
  abstract readonly seeAllSql: string;

  /** Asks the server, each query for no longer than the timeout in milliseconds. */
  protected abstract readState(connection: Connection, timeout: number): Promise<NodeState>;

  /** A file to which its process writes its id as it starts, so that the network knows it. */
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

  /** Launches it as the first of a new cluster, with the data that it has. */
  abstract found(): Promise<void>;

  /** Lets the launched server join the others; by itself it does so where this says nothing else. */
  protected async joinOthers(): Promise<void> {
    // Told by its arguments
  }

  /** Launches it; it joins the nodes that are there. They may not let it in yet: whoever waits for it lets it try again. */
  async join(): Promise<void> {
    await this.launch();
    await this.joinOthers().catch(() => undefined);
  }

  /** Takes part again where the others have shut it out; by itself it does so where this says nothing else. */
  async rejoin(): Promise<void> {
    // Once it hears them
  }

  /** Stops the process where it is, as a machine that hangs: the others drop it after some seconds. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  /** Lets a paused process go on. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** @throws where it does not answer within two seconds */
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

  /** True where it has every row of the cluster and takes statements; false also where it does not answer. */
  async isSynced(): Promise<boolean> {
    const found = await this.state().catch(() => null);
    return found !== null && takesPart(found);
  }

  /** True where it takes writes; false also where it does not answer. */
  async takesWrites(): Promise<boolean> {
    const found = await this.state().catch(() => null);
    return found !== null && found.takesWrites;
  }

  /** Resolves once it is synced and, where told, sees so many nodes. */
  async waitUntilSynced(clusterSize?: number): Promise<void> {
    await waitFor(async () => takesPart(await this.state(), clusterSize), syncLimits);
  }

  /** Starts the node again; it joins the nodes that are there, and is synced when the promise resolves. */
  override async restart(extraArguments: readonly string[] = []): Promise<void> {
    await startAnew(() => super.restart(extraArguments));
    // The others may not let it in before they have missed it
    await this.joinOthers().catch(() => undefined);
    await waitFor(async () => {
      if (takesPart(await this.state())) return true;
      await this.rejoin();
      return false;
    }, syncLimits);
  }

  /** Without the farewell to the others that a shutdown takes seconds for. */
  override async stop(): Promise<void> {
    await this.kill();
    await super.stop();
  }
}
