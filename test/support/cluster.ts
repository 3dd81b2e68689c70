import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../src/testing/server-place';
import { startAnew, syncLimits, takesPart, type ClusterNode } from './cluster-node';
import { NodeNetwork, type NetworkPlace } from './node-network';
import { waitFor } from './wait-for';

/** How many nodes each cluster has: the fewest of which one can go, and the others are the majority. */
export const clusterSize = 3;

/** How one node is made, and on which ports it hears the others. */
export interface NodePlan<Node> extends NetworkPlace {
  readonly create: () => Promise<Node>;
}

/** What holds for clusters of every kind. */
export interface ClusterOptions {
  /** True for a network between the nodes that can lose messages, where this machine can make one. Default: none. */
  readonly network?: boolean;
}

/** How much of its log is printed of a node that the cluster has lost. */
const loggedLines = 60;

type Three<T> = readonly [T, T, T];

/** So many loopback ports that nothing listens on right now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) free.add(await findFreePort());
  return [...free];
}

/** What was lost gets there again first: a node that says farewell would wait for the others. */
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
    /** The network between them; null where none was wanted, or none can be had. */
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

  /** Resolves once all three are synced and see one another, and agree on that. */
  async waitUntilSynced(): Promise<void> {
    await waitFor(() => this.isWhole(), syncLimits);
  }

  /** The same after the network lost messages: a node that is shut out, which may take a while to be seen, is let in again. */
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

  /** What each node that is out of the cluster says of itself, and what it has logged last; empty where all are in it. */
  async tellOfFaults(): Promise<string[]> {
    const told = this.nodes.map(async (node, place) => {
      const state = await node.state().catch((error: Error) => error.message);
      if (typeof state === 'object' && takesPart(state, clusterSize)) return [];
      const log = (await readFile(join(node.directory, 'error.log'), 'utf8')).trimEnd().split('\n');
      // Of each client that it turned away
      const telling = log.filter((line) => !line.includes('Aborted connection'));
      return [`node ${place + 1}: ${JSON.stringify(state)}`, ...telling.slice(-loggedLines)];
    });
    return (await Promise.all(told)).flat();
  }

  /** All nodes, that one first: as hosts, they lead a program to it, or of a group with one primary to that. */
  nodesFrom(first: number): Node[] {
    return [...this.nodes.slice(first), ...this.nodes.slice(0, first)];
  }

  /** The first of the nodes that takes writes, once there is one. */
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

/** Makes nodes one after the other, as the first makes the template of the data that the others copy, and launches them. */
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
 * Starts a cluster; where one of its nodes gives up, as another program has taken one of its ports in the meantime, the
 * caller plans the next nodes.
 *
 * @throws SERVER_START_FAILED with the last log lines of the node
 */
export function launchCluster<Node extends ClusterNode>(
  plan: () => Promise<readonly NodePlan<Node>[]>,
  options: ClusterOptions,
): Promise<Cluster<Node>> {
  return startAnew(async () => tryToLaunch(await plan(), options));
}
