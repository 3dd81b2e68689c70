import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeNetwork } from '../support/node-network';
import type { PrivateServer } from '../../src/testing/private-server';
import type { Options } from './options';
import type { Players } from './players';
import type { Random } from './random';
import type { Target } from './targets';

/** All faults; docs/evidence.md describes each. */
export const faultNames = [
  'kill-process',
  'pause-process',
  'set-clock',
  'kill-node',
  'kill-twice',
  'pause-node',
  'isolate-node',
  'flap-node',
  'part-two-nodes',
  'mute-node',
  'deafen-node',
  'fill-disk',
] as const;

/** The name of a fault. */
export type FaultName = (typeof faultNames)[number];

/** The targets of the faults, and the source of random choices. */
export interface Scene {
  readonly target: Target;
  readonly players: Players;
  readonly random: Random;
  /** A folder on the servers' small file system; null if the file system must not be filled. */
  readonly smallDisk: string | null;
}

const dayMs = 86_400_000;

/** Starts the stopped nodes, and waits until all nodes take part. */
async function heal({ target }: Scene): Promise<void> {
  for (const node of target.nodes) if (!node.isRunning) await node.restart();
  await target.recovered();
}

async function pauseNode(node: PrivateServer, ms: number): Promise<void> {
  process.kill(node.pid, 'SIGSTOP');
  await delay(ms);
  process.kill(node.pid, 'SIGCONT');
}

/** Kills two nodes of a cluster, so that the third has no majority; kills a single server again as soon as it is back. */
async function killTwice({ target, random }: Scene): Promise<void> {
  const first = random.between(0, target.nodes.length - 1);
  const [one, other, last] = [0, 1, 2].map((n) => target.nodes[(first + n) % target.nodes.length]!);
  await one!.kill();
  await delay(random.between(0, 300));
  if (one === other) await one!.restart();
  await other!.kill();
  if (target.goOnAlone !== null) await target.goOnAlone(last!);
}

/** Drops messages of a node once for some seconds, or several times for a moment. */
async function loseMessages(
  { target, random }: Scene,
  lose: (network: NodeNetwork, node: number) => void,
  times = 1,
): Promise<void> {
  const network = target.network!;
  const node = random.between(0, target.nodes.length - 1);
  for (let n = 0; n < times; n += 1) {
    lose(network, node);
    await delay(times === 1 ? random.between(1_000, 12_000) : random.between(200, 1_500));
    network.mend();
    if (times > 1) await delay(random.between(200, 1_500));
  }
}

const isolate = (network: NodeNetwork, node: number): void => network.isolate(node);

async function fillDisk({ random, smallDisk }: Scene): Promise<void> {
  const path = join(smallDisk!, 'filler');
  const file = openSync(path, 'w');
  try {
    for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 8)) {
      const bytes = Buffer.alloc(size);
      try {
        while (writeSync(file, bytes) === size);
      } catch {
        // The disk has no space for pieces of this size
      }
    }
    await delay(random.between(500, 3_000));
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

const doings: Readonly<Record<FaultName, (scene: Scene) => Promise<void>>> = {
  'kill-process': ({ players, random }) => players.kill(random),
  'pause-process': ({ players, random }) => players.pause(random, random.between(200, 3_000)),
  'set-clock': async ({ players, random }) => players.setClock(random, random.between(-dayMs, dayMs)),
  'kill-node': async ({ target, random }) => {
    await random.pick(target.nodes).kill();
    await delay(random.between(0, 1_000));
  },
  'kill-twice': killTwice,
  'pause-node': ({ target, random }) => pauseNode(random.pick(target.nodes), random.between(300, 8_000)),
  'isolate-node': (scene) => loseMessages(scene, isolate),
  'flap-node': (scene) => loseMessages(scene, isolate, 4),
  // Parts the node from the first of the others
  'part-two-nodes': (scene) => loseMessages(scene, (network, node) => network.part(node, node === 0 ? 1 : 0)),
  'mute-node': (scene) => loseMessages(scene, (network, node) => network.mute(node)),
  'deafen-node': (scene) => loseMessages(scene, (network, node) => network.deafen(node)),
  'fill-disk': fillDisk,
};

const isPossible = (name: FaultName, { target, smallDisk }: Scene): boolean => {
  if (/^(isolate|flap|part|mute|deafen)-/.test(name)) return target.network !== null;
  if (name === 'kill-twice') return target.nodes.length === 1 || target.goOnAlone !== null;
  return name !== 'fill-disk' || smallDisk !== null;
};

/** Returns the wanted faults that are possible in this scene. */
const possibleFaults = (wanted: readonly FaultName[], scene: Scene): FaultName[] =>
  wanted.filter((name) => isPossible(name, scene));

/** Causes one fault after the other until `isOver`. All nodes take part again when the promise resolves. */
export async function doFaults(
  scene: Scene,
  { faults: wanted, pauseMs }: Pick<Options, 'faults' | 'pauseMs'>,
  isOver: () => boolean,
  log: (line: string) => void,
): Promise<Partial<Record<FaultName, number>>> {
  const done: Partial<Record<FaultName, number>> = {};
  const possible = possibleFaults(wanted, scene);
  while (!isOver() && possible.length > 0) {
    await delay(scene.random.between(300, pauseMs));
    if (isOver()) break;
    const name = scene.random.pick(possible);
    log(name);
    try {
      await doings[name](scene);
    } catch (error) {
      // A node that still suffers from an earlier fault may not respond
      log(`${name}: ${(error as Error).message}`);
    }
    await heal(scene);
    done[name] = (done[name] ?? 0) + 1;
  }
  return done;
}
