import type { AnomalyName, Fact, Operation, Outcome, StateRules, Step } from './index';

/** The parts of an operation that matter in an example. */
interface Brief {
  readonly at?: readonly [begin: number, end: number];
  readonly outcome?: Outcome;
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
  readonly final?: boolean;
}

const append = (list: string, ...values: string[]): Step[] =>
  values.map((value) => ({ append: list, value }));
const read = (list: string, ...values: string[]): Step => ({ read: list, values });

/** Makes a history of operations one after the other, except for those with an own `at`. */
export const historyOf = (...briefs: readonly Brief[]): Operation[] =>
  briefs.map(({ at = null, outcome = 'ok', ...rest }, n) => ({
    process: `p${n}`,
    call: 'call',
    begin: at?.[0] ?? n * 10,
    end: outcome === 'unknown' ? Infinity : (at?.[1] ?? n * 10 + 5),
    outcome,
    ...rest,
  }));

/** The states of runs in the examples. */
export const rules: StateRules = {
  before: { pending: [], running: ['pending'], done: ['running'], dropped: ['pending', 'running'] },
  terminal: ['done', 'dropped'],
  exclusive: 'running',
  allEnd: true,
};

const together = { at: [0, 100] } as const;
const entered = (run: string, state: string, group?: string): Fact => ({
  entered: run,
  state,
  ...(group === undefined ? {} : { group }),
});

/** For each anomaly: a history that has this anomaly and no other. */
export const bad: Readonly<Record<AnomalyName, readonly Operation[]>> = {
  'garbage-read': historyOf({ steps: [read('x', 'a')] }),
  'duplicate-element': historyOf({ steps: append('x', 'a') }, { steps: [read('x', 'a', 'a')] }),
  'incompatible-order': historyOf(
    { ...together, steps: append('x', 'a') },
    { ...together, steps: append('x', 'b') },
    { ...together, steps: [read('x', 'a')] },
    { ...together, steps: [read('x', 'b')] },
  ),
  internal: historyOf({ steps: [...append('x', 'a'), read('x')] }),
  G1a: historyOf({ outcome: 'failed', steps: append('x', 'a') }, { steps: [read('x', 'a')] }),
  G1b: historyOf({ ...together, steps: append('x', 'a', 'b') }, { ...together, steps: [read('x', 'a')] }),
  'lost-append': historyOf({ steps: append('x', 'a') }, { steps: [read('x')] }),
  'stale-read': historyOf({ steps: append('x', 'a') }, { steps: [read('x')] }, { steps: [read('x', 'a')] }),
  'future-read': historyOf({ steps: [read('x', 'a')] }, { steps: append('x', 'a') }),
  G0: historyOf(
    { ...together, steps: [...append('x', 'a'), ...append('y', 'a')] },
    { ...together, steps: [...append('x', 'b'), ...append('y', 'b')] },
    { steps: [read('x', 'a', 'b'), read('y', 'b', 'a')], at: [200, 210] },
  ),
  G1c: historyOf(
    { ...together, steps: [...append('x', 'a'), read('y', 'b')] },
    { ...together, steps: [...append('y', 'b'), read('x', 'a')] },
  ),
  'G-single': historyOf(
    { ...together, steps: [...append('x', 'a'), ...append('y', 'a')] },
    { ...together, steps: [read('x', 'a'), read('y')] },
    { ...together, steps: [read('y', 'a')] },
  ),
  G2: historyOf(
    { ...together, steps: [read('x'), ...append('y', 'a')] },
    { ...together, steps: [read('y'), ...append('x', 'b')] },
    { steps: [read('x', 'b'), read('y', 'a')], at: [200, 210] },
  ),
  'claimed-twice': historyOf({ facts: [{ claimed: 'due' }] }, { facts: [{ claimed: 'due' }] }),
  'two-at-once': historyOf(
    { facts: [entered('r1', 'running', 'flow')] },
    { facts: [entered('r2', 'running', 'flow')] },
    { facts: [entered('r1', 'done')] },
  ),
  'entered-twice': historyOf(
    { facts: [entered('r', 'running')] },
    { facts: [entered('r', 'done')] },
    { facts: [entered('r', 'dropped')] },
  ),
  'left-terminal-state': historyOf(
    { ...together, facts: [entered('r', 'running')] },
    { ...together, outcome: 'unknown', facts: [entered('r', 'done')] },
    { ...together, outcome: 'unknown', facts: [entered('r', 'dropped')] },
    { facts: [{ saw: 'r', state: 'done' }], ...together },
    { facts: [{ saw: 'r', state: 'dropped' }], ...together },
  ),
  'went-back': historyOf(
    { facts: [{ saw: 'r', state: 'elsewhere' }] },
    { facts: [{ saw: 'r', state: 'pending' }] },
  ),
  'lost-transition': historyOf(
    { facts: [entered('r', 'done')] },
    { facts: [entered('r', 'dropped')], outcome: 'unknown' },
    { facts: [{ saw: 'r', state: 'dropped' }], final: true },
  ),
  'stale-state': historyOf(
    { facts: [entered('r', 'running')] },
    { facts: [entered('r', 'done')] },
    { facts: [{ saw: 'r', state: 'running' }] },
  ),
  'state-from-nowhere': historyOf({ facts: [{ saw: 'r', state: 'done' }] }),
  'never-ended': historyOf(
    { facts: [entered('r', 'running')] },
    { facts: [{ saw: 'r', state: 'running' }], final: true },
  ),
  'lost-count': historyOf(
    { facts: [{ added: 'c', by: 2 }] },
    { facts: [{ counted: 'c', value: 1 }], final: true },
  ),
  'stale-count': historyOf({ facts: [{ added: 'c', by: 2 }] }, { facts: [{ counted: 'c', value: 1 }] }),
  'counted-twice': historyOf({ facts: [{ added: 'c', by: 1 }] }, { facts: [{ counted: 'c', value: 2 }] }),
  'differs-from-sum': historyOf({
    ...together,
    facts: [
      { counted: 'c', value: 0 },
      { summed: 'c', value: 1 },
    ],
  }),
  'lost-mark': historyOf(
    { facts: [{ raised: 'm', to: 3 }] },
    { facts: [{ marked: 'm', value: 0 }], final: true },
  ),
  'stale-mark': historyOf({ facts: [{ raised: 'm', to: 3 }] }, { facts: [{ marked: 'm', value: 0 }] }),
  'mark-from-nowhere': historyOf({ facts: [{ marked: 'm', value: 3 }] }),
};

/** Histories that look odd but are correct. */
export const good: Readonly<Record<string, readonly Operation[]>> = {
  'an append that a read at the same time does not see': historyOf(
    { ...together, steps: append('x', 'a') },
    { ...together, steps: [read('x')] },
  ),
  'an append of unknown outcome that is seen': historyOf(
    { outcome: 'unknown', steps: append('x', 'a') },
    { steps: [read('x', 'a')] },
  ),
  'an append of unknown outcome that only a later read shows': historyOf(
    { outcome: 'unknown', steps: append('x', 'a') },
    { steps: [read('x')] },
    { steps: [read('x', 'a')] },
  ),
  'an append of unknown outcome that never happened': historyOf(
    { outcome: 'unknown', steps: append('x', 'a') },
    { steps: append('x', 'b') },
    { steps: [read('x', 'b')], final: true },
  ),
  'an append that failed': historyOf({ outcome: 'failed', steps: append('x', 'a') }, { steps: [read('x')] }),
  'several values of one operation': historyOf(
    { steps: append('x', 'a', 'b') },
    { steps: [read('x', 'a', 'b')] },
  ),
  'an operation that reads its own append': historyOf({
    steps: [...append('x', 'a'), read('x', 'a')],
  }),
  'an end of unknown outcome that took effect': historyOf(
    { facts: [entered('r', 'running', 'flow')] },
    { outcome: 'unknown', facts: [entered('r', 'done')] },
    {},
    { facts: [{ saw: 'r', state: 'done' }], final: true },
  ),
  'an end of unknown outcome that never happened': historyOf(
    { facts: [entered('r', 'running', 'flow')] },
    { outcome: 'unknown', facts: [entered('r', 'done')] },
    { facts: [entered('r', 'dropped')] },
    { facts: [{ saw: 'r', state: 'dropped' }], final: true },
  ),
  'runs of a flow one after the other': historyOf(
    { facts: [entered('r1', 'running', 'flow')] },
    { facts: [entered('r1', 'done')], at: [10, 40] },
    { facts: [entered('r2', 'running', 'flow')], at: [20, 30] },
    { facts: [entered('r2', 'done')], at: [50, 60] },
  ),
  'a run that ends in the queue': historyOf(
    { facts: [entered('r', 'pending')] },
    { facts: [entered('r', 'dropped')] },
    { facts: [{ saw: 'r', state: 'dropped' }], final: true },
  ),
  'a counter with unfinished additions and additions of unknown outcome': historyOf(
    { facts: [{ added: 'c', by: 1 }] },
    { facts: [{ added: 'c', by: 1 }], outcome: 'unknown' },
    { facts: [{ added: 'c', by: 1 }], at: [20, 50] },
    { facts: [{ counted: 'c', value: 1 }], at: [30, 40] },
    { facts: [{ counted: 'c', value: 3 }], at: [60, 70], final: true },
  ),
  'a mark that two operations raised': historyOf(
    { facts: [{ raised: 'm', to: 3 }], ...together },
    { facts: [{ raised: 'm', to: 2 }], ...together },
    { facts: [{ marked: 'm', value: 2 }], ...together },
    { facts: [{ marked: 'm', value: 3 }], at: [110, 120] },
  ),
};
