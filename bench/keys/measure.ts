import { setTimeout as delay } from 'node:timers/promises';
import type { BenchDatabase } from '../support/bench-database';
import type { Load, LoadRecord } from '../support/load/load';
import { longest, longestMs, typicalLongestMs, within, type Window } from '../support/load/stalls';
import type { Run, DdlName } from './contestant-messages';
import { control, ddlContestant, type Contestant } from './contestants';
import { copyProgram, hasCopyProgram } from './copy';
import { assertKey, dropKey, restoreNames } from './key';

/** A measured window: what ran, and the load from its start until shortly after its end. */
export interface Measured {
  readonly run: Run;
  readonly window: Window;
  readonly load: LoadRecord;
}

/** One round: each contestant once, the copy only if its program is installed. */
export type Round = Readonly<Record<Exclude<DdlName, 'copy'> | 'control', Measured>> & {
  readonly copy?: Measured;
};

/** A window ends after its run, because the next statements meet the aftermath of a DDL. */
export const aftermathMs = 100;
/** The control is as long as the plain ALTER of the same round, within these bounds. */
export const controlMs = { least: 2_000, most: 10_000 };

async function measure(contestant: Contestant, load: Load): Promise<Measured> {
  await load.start();
  const run = await contestant.run();
  await delay(aftermathMs);
  const window = { from: run.from, to: run.to + aftermathMs };
  return { run, window, load: await load.stop() };
}

function progress(name: string, { run, window, load }: Measured): void {
  const stall = longest(load.writers, window);
  const reader = longestMs(load.reader, window);
  console.error(
    `  ${name.padEnd(7)} ${(run.to - run.from).toFixed(0).padStart(7)} ms` +
      `${run.keyMs === undefined ? '' : ` (key ${run.keyMs} ms)`}, writers' longest ` +
      (stall === null
        ? 'none'
        : `${(stall.to - stall.from).toFixed(1)} ms (${stall.what}, begun at ${(stall.from - run.from).toFixed(0)} ms)`) +
      `, reader's ${reader.toFixed(1)} ms, ${within(load.writers, window).length} writes, ${load.errors.length} errors`,
  );
  for (const error of new Set(load.errors)) console.error(`          ${error}`);
}

/** Prepares a window: drops the key, and brings the server to the same state. */
async function settle(database: BenchDatabase): Promise<void> {
  await dropKey(database.session);
  await database.settle();
}

async function measureDdl(name: DdlName, database: BenchDatabase, load: Load): Promise<Measured> {
  await settle(database);
  const contestant = await ddlContestant(name, database.url);
  try {
    const measured = await measure(contestant, load);
    await assertKey(database.session);
    await restoreNames(database.session);
    progress(name, measured);
    return measured;
  } finally {
    contestant.release();
  }
}

async function measureControl(ms: number, database: BenchDatabase, load: Load): Promise<Measured> {
  await settle(database);
  const measured = await measure(control(ms), load);
  progress('control', measured);
  return measured;
}

/**
 * Measures each contestant once. Every other round is in reverse, so that neither this package nor the floor always
 * follows the plain ALTER.
 *
 * @param plainMs how long the last plain ALTER took
 */
export async function measureRound(
  database: BenchDatabase,
  load: Load,
  backwards: boolean,
  plainMs: number,
): Promise<Round> {
  const results = new Map<keyof Round, Measured>();
  let latestMs = plainMs;
  const order: (keyof Round)[] = ['ours', 'plain', 'floor', 'control'];
  if (hasCopyProgram()) order.push('copy');
  else
    console.error(
      `  ${copyProgram} is not installed, so it is not measured; npm run setup:engines installs it`,
    );
  for (const name of backwards ? order.reverse() : order) {
    if (name === 'control') {
      const ms = Math.min(controlMs.most, Math.max(controlMs.least, latestMs));
      results.set(name, await measureControl(ms, database, load));
    } else {
      const measured = await measureDdl(name, database, load);
      results.set(name, measured);
      if (name === 'plain') latestMs = measured.run.to - measured.run.from;
    }
  }
  return Object.fromEntries(results) as unknown as Round;
}

/** The control's longest stall in a window of the same length. */
export function controlFor({ control: { load, window } }: Round, other: Window): number {
  return typicalLongestMs(load.writers, window, other.to - other.from);
}
