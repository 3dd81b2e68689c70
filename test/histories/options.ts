import { parseArgs } from 'node:util';
import { faultNames, type FaultName } from './faults';

/** The options of the program. */
export interface Options {
  readonly server: string;
  readonly contestant: 'package' | 'naive';
  /** How many calls to make in all, and in one round. Each round has its own database. */
  readonly operations: number;
  readonly round: number;
  readonly seed: number;
  readonly faults: readonly FaultName[];
  readonly processes: number;
  /** How many calls each process makes at a time. */
  readonly clients: number;
  readonly flows: number;
  /** The longest time of a round, even if it had too few calls. */
  readonly limitMs: number;
  /** The longest pause between two faults. The mean pause is about half of it. */
  readonly pauseMs: number;
  /** Calls of the naive contestant in the last round, with the same faults. A test that does not convict it proves nothing. */
  readonly control: number;
  /** A file that gets a line of JSON for each round; null: none. */
  readonly report: string | null;
}

const usage = `npm run test:histories -- [--server mariadb|mariadb-11.8|mysql-9.7|galera|group|group-multi] [--contestant package|naive]
  [--operations 4000] [--round 20000] [--seed 1] [--faults all|none|${faultNames.join(',')}]
  [--processes 3] [--clients 4] [--flows 20] [--seconds 300] [--pause 3] [--control 2000] [--report FILE]`;

function faultsIn(text: string): FaultName[] {
  if (text === 'all') return [...faultNames];
  const names = text === 'none' ? [] : text.split(',');
  const wrong = names.find((name) => !faultNames.some((known) => known === name));
  if (wrong !== undefined) throw new Error(`there is no fault ${wrong}\n${usage}`);
  return names as FaultName[];
}

/** @throws the usage, if an argument is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: 'string', default: 'mariadb' },
      contestant: { type: 'string', default: 'package' },
      operations: { type: 'string', default: '4000' },
      round: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      faults: { type: 'string', default: 'all' },
      processes: { type: 'string', default: '3' },
      clients: { type: 'string', default: '4' },
      flows: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '300' },
      pause: { type: 'string', default: '3' },
      control: { type: 'string', default: '2000' },
      report: { type: 'string' },
    },
  });
  const { server, contestant } = values;
  if (contestant !== 'package' && contestant !== 'naive') throw new Error(`${contestant}?\n${usage}`);
  const number = (
    name: Exclude<keyof typeof values, 'server' | 'contestant' | 'faults' | 'report'>,
    least = 1,
  ): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} ${values[name]}?\n${usage}`);
    return value;
  };
  return {
    server,
    contestant,
    operations: number('operations'),
    round: Math.min(number('round'), number('operations')),
    seed: number('seed'),
    faults: faultsIn(values.faults),
    processes: number('processes'),
    clients: number('clients'),
    flows: number('flows'),
    limitMs: number('seconds') * 1_000,
    pauseMs: number('pause') * 1_000,
    control: contestant === 'naive' ? 0 : number('control', 0),
    report: values.report ?? null,
  };
}
