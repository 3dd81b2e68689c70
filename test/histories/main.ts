import 'reflect-metadata';
import { appendFileSync, rmSync } from 'node:fs';
import { useRamDisk } from '../support/ram-disk';
import { countAnomalies, type Anomaly, type AnomalyName } from './checker';
import type { FaultName } from './faults';
import { readOptions, type Options } from './options';
import { playRound, type RoundResult } from './round';
import { startTarget, type Target } from './targets';

/** How many characters of each operation are printed. */
const shownLength = 300;

const sum = <Name extends string>(
  one: Partial<Record<Name, number>>,
  other: Partial<Record<Name, number>>,
): Partial<Record<Name, number>> =>
  (Object.entries(other) as [Name, number][]).reduce<Partial<Record<Name, number>>>(
    (all, [name, count]) => ({ ...all, [name]: (all[name] ?? 0) + count }),
    one,
  );

const list = (counts: Partial<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

function show({ name, says, operations }: Anomaly): void {
  console.log(`  ${name}: ${says}`);
  for (const operation of operations.slice(0, 4)) {
    const text = JSON.stringify(operation);
    console.log(`    ${text.length > shownLength ? `${text.slice(0, shownLength)}…` : text}`);
  }
}

interface Tally {
  operations: number;
  unknown: number;
  failed: number;
  seconds: number;
  /** Rounds without a verdict, because their servers did not come back. */
  givenUp: number;
  anomalies: Partial<Record<AnomalyName, number>>;
  faults: Partial<Record<FaultName, number>>;
}

const nothing: Tally = {
  operations: 0,
  unknown: 0,
  failed: 0,
  seconds: 0,
  givenUp: 0,
  anomalies: {},
  faults: {},
};

const plus = (one: Tally, other: Tally): Tally => ({
  operations: one.operations + other.operations,
  unknown: one.unknown + other.unknown,
  failed: one.failed + other.failed,
  seconds: one.seconds + other.seconds,
  givenUp: one.givenUp + other.givenUp,
  anomalies: sum(one.anomalies, other.anomalies),
  faults: sum(one.faults, other.faults),
});

function tally({ history, anomalies, faults }: RoundResult, seconds: number): Tally {
  const count = (outcome: string): number =>
    history.filter((operation) => operation.outcome === outcome).length;
  return {
    ...nothing,
    operations: history.length,
    unknown: count('unknown'),
    failed: count('failed'),
    seconds,
    anomalies: countAnomalies(anomalies),
    faults,
  };
}

const tell = (
  what: string,
  { operations, seconds, failed, unknown, givenUp, faults, anomalies }: Tally,
): void =>
  console.log(
    `${what}: ${operations} calls in ${seconds} s, ${failed} failed, ${unknown} unknown, ${givenUp} rounds given up; faults: ${list(faults)}; anomalies: ${list(anomalies)}`,
  );

/** Plays and prints one round. Returns its tally, and the anomalies that are not natural for the server. */
async function play(target: Target, options: Options, round: number): Promise<[Tally, Anomaly[]]> {
  const begun = Date.now();
  const log = (line: string): void => {
    process.stderr.write(`${target.name} ${round} ${((Date.now() - begun) / 1000).toFixed(1)} s: ${line}\n`);
  };
  const result = await playRound(target, options, round, log);
  const own = tally(result, Math.round((Date.now() - begun) / 1000));
  tell(`${target.name}, ${options.contestant}, round ${round}`, own);
  if (options.report !== null)
    appendFileSync(options.report, `${JSON.stringify({ ...options, round, ...own })}\n`);
  const wrong = result.anomalies.filter(({ name }) => !target.natural.includes(name));
  if (wrong.length > 0 && options.contestant === 'package') console.log(`  recorded in ${result.folder}`);
  else rmSync(result.folder, { recursive: true });
  for (const name of new Set(wrong.map((anomaly) => anomaly.name)))
    show(wrong.find((anomaly) => anomaly.name === name)!);
  return [own, wrong];
}

/** More rounds without a verdict than this are no accident. */
const mostGivenUp = 20;

/** Plays rounds until there are enough calls, and starts new servers if the old ones did not come back. True: convicted. */
async function playAll(options: Options): Promise<boolean> {
  let all = nothing;
  let guilty = 0;
  let target = await startTarget(options.server);
  try {
    for (let round = 1; all.operations < options.operations; round += 1) {
      try {
        const [own, wrong] = await play(target, options, round);
        all = plus(all, own);
        guilty += wrong.length;
      } catch (error) {
        all = plus(all, { ...nothing, givenUp: 1 });
        console.log(`${target.name}, round ${round} given up: ${(error as Error).message}`);
        if (all.givenUp > mostGivenUp) throw error;
        await target.stop();
        target = await startTarget(options.server);
      }
    }
  } finally {
    await target.stop();
  }
  tell(`${options.server}, ${options.contestant}, seed ${options.seed}`, all);
  console.log(guilty > 0 ? 'convicted' : 'acquitted');
  return guilty > 0;
}

/** Sets exit code 0 if the package was acquitted and the naive contestant convicted, otherwise 1. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  useRamDisk();
  const { control } = options;
  const isRight = (await playAll(options)) === (options.contestant === 'naive');
  const naive: Options = { ...options, contestant: 'naive', operations: control, round: control };
  const isControlRight = control === 0 || (await playAll(naive));
  process.exitCode = isRight && isControlRight ? 0 : 1;
}

process.on('warning', () => undefined);
void main();
