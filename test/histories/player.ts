import 'reflect-metadata';
import { connectNaive } from './contestants/naive';
import { connectPackage } from './contestants/package';
import type { Contestant } from './contestants/contestant';
import { Calls } from './calls';
import { weights, type PlayerPlan } from './plan';
import { Random } from './random';
import { Recorder } from './recorder';
import { RunsKnown } from './runs-known';
import { setTimeout as delay } from 'node:timers/promises';

/** A message from the parent process. */
type Message = 'stop' | { readonly clockMs: number };

const RealDate = Date;
let clockMs = 0;

/** The clock of this process. The parent sets it forward and back. */
class SetDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof Date>) {
    super(...((given.length === 0 ? [SetDate.now()] : given) as ConstructorParameters<typeof Date>));
  }
  static override now(): number {
    return RealDate.now() + clockMs;
  }
}

async function connect(
  { contestant, settings }: PlayerPlan,
  isStopped: () => boolean,
): Promise<Contestant | null> {
  if (contestant === 'naive') return connectNaive(settings);
  while (!isStopped()) {
    const connected = await connectPackage(settings).catch(() => null);
    if (connected !== null) return connected;
    await delay(200);
  }
  return null;
}

/** Makes random calls, several at a time, until the parent stops it. Reports the number of calls every half second. */
async function main(plan: PlayerPlan): Promise<void> {
  let isStopped = false;
  process.on('message', (message: Message) => {
    if (message === 'stop') isStopped = true;
    else clockMs = message.clockMs;
  });
  process.on('disconnect', () => process.exit());
  // Warnings about a change of the writer do not matter here
  process.on('warning', () => undefined);
  globalThis.Date = SetDate as DateConstructor;

  const recorder = new Recorder(plan.recording, plan.name);
  const contestant = await connect(plan, () => isStopped);
  if (contestant === null) process.exit();
  const telling = setInterval(() => process.send!(recorder.calls), 500);
  const known = new RunsKnown();
  await Promise.all(
    Array.from({ length: plan.clients }, async (_, client) => {
      const name = String.fromCharCode(97 + client);
      const random = new Random(plan.seed, plan.name, name);
      const calls = new Calls(contestant, recorder, known, random, plan, name);
      await calls.migrate();
      while (!isStopped) await calls.make(random.weighted(weights));
    }),
  );
  clearInterval(telling);
  await contestant.close().catch(() => undefined);
  recorder.close();
  process.send!(recorder.calls, () => process.exit());
}

void main(JSON.parse(process.env['PLAYER_PLAN']!) as PlayerPlan);
