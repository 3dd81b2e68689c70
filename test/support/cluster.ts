import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../src/testing/server-place';
import { startAnew, syncLimits, takesPart, type ClusterNode } from './cluster-node';
import { NodeNetwork, type NetworkPlace } from './node-network';
import { waitFor } from './wait-for';

/** How many nodes each cluster has: the smallest number where the others are a majority without one. */
export const clusterSize = 3;

/** How to make a node, and the ports on which it hears the others. */
export interface NodePlan<Node> extends NetworkPlace {
  readonly create: () => Promise<Node>;
}

/** The options for clusters of every kind. */
export interface ClusterOptions {
  /** True for a network between the nodes that can drop messages, if this machine can make one. Default: none. */
  readonly network?: boolean;
}

/** How many log lines of a lost node are printed. */
const loggedLines = 60;

type Three<T> = readonly [T, T, T];

/** Finds this many loopback ports on which nothing listens now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) free.add(await findFreePort());
  return [...free];
}

/** Mends the network first, because a node that leaves waits for the others. */
async function stopAll(nodes: readonly ClusterNode[], network: NodeNetwork | null): Promise<void> {
  network?.mend();
  await Promise.all(nodes.map((node) => node.stop()));
  network?.[Symbol.dispose]();
}

/** Three servers with the same rows. */
export class Cluster<Node extends ClusterNode> implements AsyncDisposable {
  readonly nodes: Three<Node>;

  /** @internal Use the function that starts a cluster of the kind. */
  constructor(
    nodes: readonly Node[],
    /** The network between the nodes; null if none was wanted, or this machine can't make one. */
    readonly network: NodeNetwork | null,
  ) {
    this.nodes = nodes as unknown as Three<Node>;
  }

  /** @internal The first founds the cluster, the others join it and copy its data. */
  async launch(): Promise<void> {
    const [first, ...others] = this.nodes;
    await first.found();
    await first.waitUntilSynced();
    await Promise.all(others.map((node) => node.join()));
    await this.waitUntilRecovered();
  }

  /** Resolves once all three nodes are synced, see one another, and agree on the membership. */
  async waitUntilSynced(): Promise<void> {
    await waitFor(() => this.isWhole(), syncLimits);
  }

  /** The same after lost messages: also makes nodes that were excluded, perhaps a while later, join again. */
  async waitUntilRecovered(): Promise<void> {
    await waitFor(async () => {
      if (await this.isWhole()) return true;
      for (const node of this.nodes) await node.rejoin();
      return false;
    }, syncLimits);
  }

  private async isWhole(): Promise<boolean> {
    const states = await Promise.all(this.nodes.map((node) => node.state()));
    return (
      states.every((state) => takesPart(state, clusterSize)) &&
      new Set(states.map(({ membership }) => membership)).size === 1
    );
  }

  /** Returns the state and the last log lines of each node that is not in the cluster; empty if all are. */
  async tellOfFaults(): Promise<string[]> {
    const told = this.nodes.map(async (node, place) => {
      const state = await node.state().catch((error: Error) => error.message);
      if (typeof state === 'object' && takesPart(state, clusterSize)) return [];
      const log = (await readFile(join(node.directory, 'error.log'), 'utf8')).trimEnd().split('\n');
      // Without a line for each refused client
      const telling = log.filter((line) => !line.includes('Aborted connection'));
      return [`node ${place + 1}: ${JSON.stringify(state)}`, ...telling.slice(-loggedLines)];
    });
    return (await Promise.all(told)).flat();
  }

  /** Returns all nodes, beginning with this one. As hosts, they lead a program to it, or to the only primary of a group. */
  nodesFrom(first: number): Node[] {
    return [...this.nodes.slice(first), ...this.nodes.slice(0, first)];
  }

  /** Resolves to the first node that accepts writes, once there is one. */
  writer(): Promise<Node> {
    return waitFor(async () => {
      for (const node of this.nodes) if (await node.takesWrites()) return node;
      return null;
    }, syncLimits);
  }

  /** Ends all nodes, paused ones too, and removes their folders. A second call is harmless. */
  async stop(): Promise<void> {
    await stopAll(this.nodes, this.network);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Makes and launches nodes. One after the other, because the first makes the template of the data that the others copy. */
async function tryToLaunch<Node extends ClusterNode>(
  plans: readonly NodePlan<Node>[],
  options: ClusterOptions,
): Promise<Cluster<Node>> {
  const nodes: Node[] = [];
  const network = options.network === true ? NodeNetwork.create(plans) : null;
  try {
    for (const [place, { create }] of plans.entries()) {
      const node = await create();
      nodes.push(node);
      node.networkEntry = network?.entryOf(place) ?? null;
    }
    const cluster = new Cluster(nodes, network);
    await cluster.launch();
    return cluster;
  } catch (error) {
    await stopAll(nodes, network);
    throw error;
  }
}

/**
 * Starts a cluster. If a node fails to start, for example because another program took its port meanwhile, it starts over with
 * a new plan.
 *
 * @throws SERVER_START_FAILED with the last log lines of the node
 */
export function launchCluster<Node extends ClusterNode>(
  plan: () => Promise<readonly NodePlan<Node>[]>,
  options: ClusterOptions,
): Promise<Cluster<Node>> {
  return startAnew(async () => tryToLaunch(await plan(), options));
}
