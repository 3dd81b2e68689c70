import { middle, ms, whole } from '../support/figures';
import { markdownTable } from '../support/markdown-table';
import type { ProcessRun } from '../support/measure-process';
import { spread, type Spread } from '../support/statistics';
import { verdict } from '../support/verdict';
import { contestants, peerNames } from './contestants';
import type { CommandLineRuns } from './measure-command-lines';
import type { PeerResult } from './measure-operations';
import type { ProcessRuns } from './measure-processes';

/** A difference of medians below this share is noise. */
export const noise = 0.15;

/** Explains the figures. */
export function explanation(rounds: number): string {
  return [
    `This package beside other tools, ${rounds} interleaved rounds, medians. Node ${process.version}. Each tool is used as in its own`,
    'documentation. Before the measurement, every contestant gave the same answers, and left the same rows behind, as the floor:',
    'the least code written by hand on mysql2. Ratios are to the floor. ± is the middle half, as a share of the median.',
    `A difference below ${noise * 100} % is noise; a goal missed by less is marked so.`,
  ].join('\n');
}

const width = ({ median, low, high }: Spread): string =>
  `±${(((high - low) / 2 / median) * 100).toFixed(0)} %`;

/** Compares a figure with its upper goal; marks a miss within the noise. */
export function held(what: string, value: number, goal: number, show: (value: number) => string): string {
  const missed = `${show(value - goal)} (${((value / goal - 1) * 100).toFixed(0)} %)`;
  const faint = value > goal && value <= goal * (1 + noise) ? ', within the noise' : '';
  return verdict(value <= goal, `${what} ${show(value)} (goal: at most ${show(goal)})`, missed + faint);
}

const times = (value: number): string => value.toFixed(2);

/** The operations of all contestants. */
export function operationsReport(server: string, rows: number, results: readonly PeerResult[]): string {
  const others = peerNames.slice(1);
  const floorOf = ({ times: { 'by-hand': floor } }: PeerResult): Spread => floor!;
  const table = markdownTable(
    ['', 'floor, ms', ...others.map((name) => contestants[name]), 'goal'],
    results.map((result) => {
      const floor = floorOf(result);
      return [
        result.name,
        `${ms(floor.median)} ${width(floor)}`,
        ...others.map((name) => {
          const own = result.times[name];
          return own === undefined ? '' : `${times(own.median / floor.median)} ${width(own)}`;
        }),
        times(result.goal),
      ];
    }),
  );
  const verdicts = results.map((result) =>
    held(
      `${result.name}: times the floor`,
      result.times.ours!.median / floorOf(result).median,
      result.goal,
      times,
    ),
  );
  return section(`${server}, 10,000 flows, ${whole(rows)} executions: times the floor`, table, verdicts);
}

/** The goal of 500 ms was set on a machine where mysql2 alone took 237 ms; this one may be faster or slower. */
const goals = { coldStartOfFloor: 500 / 237, loadedMebibytes: 70, operatedMebibytes: 90 };
const inMs = (value: number): string => `${value.toFixed(0)} ms`;
const inMebibytes = (value: number): string => `${value.toFixed(0)} MiB`;

const of = (runs: ProcessRuns, label: string, figure: keyof ProcessRun): Spread =>
  spread((runs.get(label) ?? []).map((run) => run[figure]));

const section = (title: string, table: string, verdicts: readonly string[]): string =>
  [`### ${title}`, '', table, '', ...verdicts.map((line) => `- ${line}`)].join('\n');

/** The times of whole processes up to their first get. */
export function coldStartReport(server: string, runs: ProcessRuns): string {
  const table = markdownTable(
    ['from spawn to the end, after the first get', 'ms', 'middle half', 'peak MiB'],
    [...runs.keys()].map((label) => {
      const took = of(runs, label, 'ms');
      return [label, ms(took.median), middle(took), whole(of(runs, label, 'mebibytes').median)];
    }),
  );
  const median = (label: string): number => of(runs, label, 'ms').median;
  const ofFloor = median(contestants.ours) / median(contestants['by-hand']);
  return section(`${server}: cold start`, table, [
    held('cold start to the first get: times that of mysql2 alone', ofFloor, goals.coldStartOfFloor, times),
  ]);
}

/** The peak memory of whole processes. */
export function memoryReport(server: string, loaded: ProcessRuns, operated: ProcessRuns): string {
  const table = markdownTable(
    ['most resident memory, MiB', 'after load', 'middle half', 'after 1,000 reads', 'middle half'],
    [...loaded.keys()].map((label) => {
      const [load, operate] = [of(loaded, label, 'mebibytes'), of(operated, label, 'mebibytes')];
      return [label, whole(load.median), middle(load), whole(operate.median), middle(operate)];
    }),
  );
  return section(`${server}: memory`, table, [
    held(
      'memory after load:',
      of(loaded, contestants.ours, 'mebibytes').median,
      goals.loadedMebibytes,
      inMebibytes,
    ),
    held(
      'memory after 1,000 reads:',
      of(operated, contestants.ours, 'mebibytes').median,
      goals.operatedMebibytes,
      inMebibytes,
    ),
  ]);
}

/** Command lines with nothing to do. */
export function commandLinesReport(server: string, { runs, missing }: CommandLineRuns): string {
  const table = markdownTable(
    ['', 'ms', 'middle half', 'peak MiB'],
    [...runs.keys()].map((label) => {
      const took = of(runs, label, 'ms');
      return [label, ms(took.median), middle(took), whole(of(runs, label, 'mebibytes').median)];
    }),
  );
  const named = [...runs.keys()].filter((label) => !/^(ours|node)/.test(label));
  const fastest = named.reduce((one, other) =>
    of(runs, one, 'ms').median <= of(runs, other, 'ms').median ? one : other,
  );
  const most = of(runs, fastest, 'ms').median;
  return section(`${server}: command lines with nothing to do, whole processes`, table, [
    ...['ours: status', 'ours: migrate'].map((label) =>
      held(`${label} takes, beside ${fastest},`, of(runs, label, 'ms').median, most, inMs),
    ),
    ...missing.map((what) => `not measured: ${what}`),
  ]);
}
