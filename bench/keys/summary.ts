import { longestMs } from '../support/load/stalls';
import { spread, type Spread } from '../support/statistics';
import type { DdlName } from './contestant-messages';
import { controlFor, type Measured, type Round } from './measure';

/** The summary of one contestant's rounds, in milliseconds. */
export interface Summary {
  /** The longest statement of any writer. */
  readonly stall: Spread;
  readonly readerStall: Spread;
  readonly total: Spread;
  /** The longest statement of any writer in a control window of the same length. */
  readonly controlStall: Spread;
  /** The time that this package reports for the key. */
  readonly key: Spread | null;
  readonly errors: number;
}

/** The measurements on one server at one size. */
export interface Result {
  readonly server: string;
  readonly rows: number;
  readonly rounds: number;
  readonly summaries: Readonly<Record<Exclude<keyof Round, 'copy'>, Summary>> & { readonly copy?: Summary };
}

function summarize(rounds: readonly Round[], name: DdlName | 'control'): Summary {
  const measured = rounds.flatMap((round) => {
    const one = round[name];
    return one === undefined ? [] : [{ one, round }];
  });
  const each = (value: (measured: Measured, round: Round) => number): Spread =>
    spread(measured.map(({ one, round }) => value(one, round)));
  const keys = measured.flatMap(({ one }) => one.run.keyMs ?? []);
  return {
    stall: each(({ load, window }) => longestMs(load.writers, window)),
    readerStall: each(({ load, window }) => longestMs(load.reader, window)),
    total: each(({ run }) => run.to - run.from),
    controlStall: each(({ window }, round) => controlFor(round, window)),
    key: keys.length > 0 ? spread(keys) : null,
    errors: measured.reduce((sum, { one }) => sum + one.load.errors.length, 0),
  };
}

export function resultOf(server: string, rows: number, rounds: readonly Round[]): Result {
  return {
    server,
    rows,
    rounds: rounds.length,
    summaries: {
      ours: summarize(rounds, 'ours'),
      plain: summarize(rounds, 'plain'),
      floor: summarize(rounds, 'floor'),
      control: summarize(rounds, 'control'),
      ...(rounds.some(({ copy }) => copy) && { copy: summarize(rounds, 'copy') }),
    },
  };
}
