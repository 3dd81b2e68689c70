import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** A node's place in the network: the ports on which it hears the other nodes. */
export interface NetworkPlace {
  readonly ports: readonly number[];
}

/** The mount point of control groups version 2; undefined if there is none. */
const unifiedFolder = (): string | undefined =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2')?.[1];

/** nft names a control group by its path below this folder. */
const nftFolder = '/sys/fs/cgroup';

/** The direction from one node to another. */
type Way = readonly [from: number, to: number];

let made = 0;

/**
 * The network between the nodes of a cluster, all on loopback, which can drop messages. The processes of each node form a
 * control group. netfilter marks the packets that a group sends, and drops them before another group receives them. Clients
 * belong to no group, so they always reach every node.
 *
 * @see https://www.netfilter.org/projects/nftables/manpage.html (socket cgroupv2)
 */
export class NodeNetwork implements Disposable {
  private readonly lost = new Map<string, Way>();

  private constructor(
    private readonly name: string,
    private readonly folders: readonly string[],
    private readonly places: readonly NetworkPlace[],
  ) {}

  /** Makes a network for these nodes; null if this user or this machine can't. */
  static create(places: readonly NetworkPlace[]): NodeNetwork | null {
    const parent = process.platform === 'linux' ? unifiedFolder() : undefined;
    if (parent === undefined || process.getuid?.() !== 0) return null;
    const name = `pflows_${process.pid}_${(made += 1)}`;
    const network = new NodeNetwork(
      name,
      places.map((_, place) => join(parent, `${name}_${place}`)),
      places,
    );
    try {
      for (const folder of network.folders) mkdirSync(folder);
      network.part(0, 1);
      network.mend();
      return network;
    } catch {
      network[Symbol.dispose]();
      return null;
    }
  }

  /** The file to which a process writes its id to belong to the node. */
  entryOf(place: number): string {
    return join(this.folders[place]!, 'cgroup.procs');
  }

  /** Drops all messages between two nodes from now on. */
  part(one: number, other: number): void {
    this.lose([one, other], [other, one]);
  }

  /** Drops all messages that a node sends from now on. */
  mute(place: number): void {
    this.lose(...this.othersOf(place).map((other): Way => [place, other]));
  }

  /** Drops all messages that a node would receive from now on. */
  deafen(place: number): void {
    this.lose(...this.othersOf(place).map((other): Way => [other, place]));
  }

  /** Drops all messages from and to a node from now on. */
  isolate(place: number): void {
    this.mute(place);
    this.deafen(place);
  }

  /** Drops no messages any more. */
  mend(): void {
    this.lost.clear();
    this.apply();
  }

  /** Removes the network. Call it after the nodes have ended. */
  [Symbol.dispose](): void {
    this.lost.clear();
    try {
      this.apply();
    } catch {
      // It was never created
    }
    for (const folder of this.folders) {
      try {
        rmdirSync(folder);
      } catch {
        // It was never created, or contains a process that is just ending
      }
    }
  }

  private othersOf(place: number): number[] {
    return [...this.places.keys()].filter((other) => other !== place);
  }

  private lose(...ways: readonly Way[]): void {
    for (const way of ways) this.lost.set(way.join(' '), way);
    this.apply();
  }

  private apply(): void {
    const group = (place: number): string => {
      const path = this.folders[place]!.slice(nftFolder.length + 1);
      return `socket cgroupv2 level 1 "${path}"`;
    };
    const lost = [...this.lost.values()];
    const senders = [...new Set(lost.map(([from]) => from))];
    const table = `table inet ${this.name}`;
    const rules = [
      `add ${table}`,
      `delete ${table}`,
      ...(lost.length === 0
        ? []
        : [
            `${table} {`,
            '  chain sent {',
            '    type filter hook output priority 0;',
            ...senders.map((from) => `    ${group(from)} meta mark set ${from + 1}`),
            '  }',
            '  chain received {',
            '    type filter hook input priority 0;',
            ...lost.flatMap(([from, to]) => [
              `    meta mark ${from + 1} ${group(to)} drop`,
              // Before a connection exists, the receiver's group is not known
              `    meta mark ${from + 1} tcp dport { ${this.places[to]!.ports.join(', ')} } drop`,
            ]),
            '  }',
            '}',
          ]),
    ];
    execFileSync('nft', ['-f', '-'], { input: rules.join('\n'), stdio: ['pipe', 'ignore', 'ignore'] });
  }
}
