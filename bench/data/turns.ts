import { clock } from '../support/clock';
import { spread, type Spread } from '../support/statistics';

/** What one contestant does in a round. */
export interface Turn {
  /** Prepares the run; not measured. */
  readonly prepare?: (round: number) => Promise<unknown>;
  readonly run: (round: number) => Promise<unknown>;
  /** Not measured. */
  readonly after?: (round: number) => Promise<unknown>;
}

/** How many rounds. */
export interface Rounds {
  readonly measured: number;
  /** Earlier rounds that fill caches and get the code compiled. */
  readonly warmUp: number;
}

/**
 * Runs contestants in turns, each round in another order, so that each meets the machine in the same state.
 *
 * @param now milliseconds; default: wall-clock time
 * @returns milliseconds of each contestant
 */
export async function inTurns<Name extends string>(
  turns: Readonly<Record<Name, Turn>>,
  rounds: Rounds,
  now: () => number = clock,
): Promise<Record<Name, Spread>> {
  const times = await eachRound(turns, rounds, now);
  const spreads = Object.entries<number[]>(times).map(([name, some]) => [name, spread(some)]);
  return Object.fromEntries(spreads) as Record<Name, Spread>;
}

/** The same; answers the milliseconds of each round, in their order. */
export async function eachRound<Name extends string>(
  turns: Readonly<Record<Name, Turn>>,
  { measured, warmUp }: Rounds,
  now: () => number = clock,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(turns) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < warmUp + measured; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const { prepare, run, after } = turns[name];
      await prepare?.(round);
      const from = now();
      await run(round);
      const took = now() - from;
      if (round >= warmUp) times.get(name)?.push(took);
      await after?.(round);
    }
  }
  return Object.fromEntries(times) as Record<Name, number[]>;
}
