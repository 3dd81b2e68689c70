import { findFreePort } from '../../src/testing/server-place';
import { startAnew, syncLimits, takesPart, type ClusterNode } from './cluster-node';
import { waitFor } from './wait-for';

/** How many nodes each cluster has: the fewest of which one can go, and the others are the majority. */
export const clusterSize = 3;

/** Each makes one node. */
export type NodeCreators<Node> = readonly (() => Promise<Node>)[];

type Three<T> = readonly [T, T, T];

/** So many loopback ports that nothing listens on right now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) free.add(await findFreePort());
  return [...free];
}

/** Three servers with the same rows. */
export class Cluster<Node extends ClusterNode> implements AsyncDisposable {
  readonly nodes: Three<Node>;

  /** @internal Use the function that starts a cluster of the kind. */
  constructor(nodes: readonly Node[]) {
    this.nodes = nodes as unknown as Three<Node>;
  }

  /** @internal The first founds the cluster, the others join it and copy its data. */
  async launch(): Promise<void> {
    const [first, ...others] = this.nodes;
    await first.found();
    await first.waitUntilSynced();
    await Promise.all(others.map((node) => node.join()));
    await this.waitUntilSynced();
  }

  /** Resolves once all three are synced and see one another, and agree on that. */
  async waitUntilSynced(): Promise<void> {
    await waitFor(async () => {
      const states = await Promise.all(this.nodes.map((node) => node.state()));
      return (
        states.every((state) => takesPart(state, clusterSize)) &&
        new Set(states.map(({ membership }) => membership)).size === 1
      );
    }, syncLimits);
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
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Makes nodes one after the other, as the first makes the template of the data that the others copy, and launches them. */
async function tryToLaunch<Node extends ClusterNode>(creators: NodeCreators<Node>): Promise<Cluster<Node>> {
  const nodes: Node[] = [];
  try {
    for (const create of creators) nodes.push(await create());
    const cluster = new Cluster(nodes);
    await cluster.launch();
    return cluster;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
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
  plan: () => Promise<NodeCreators<Node>>,
): Promise<Cluster<Node>> {
  return startAnew(async () => tryToLaunch(await plan()));
}
