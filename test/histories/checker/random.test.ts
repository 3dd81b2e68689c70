import * as fc from 'fast-check';
import { checkHistory, type Operation, type Outcome, type Step } from './index';
import { rules } from './examples';

/** The plan of an operation: appends to lists or reads of lists, and its outcome. */
interface Plan {
  readonly lists: readonly number[];
  readonly values: number;
  readonly reads: boolean;
  readonly fate: 'ok' | 'failed' | 'unknown-done' | 'unknown-undone';
  /** How long before the instant of its effect it begins, and how long after it ends. */
  readonly early: number;
  readonly late: number;
}

const plans = fc.array(
  fc.record<Plan>({
    lists: fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 }),
    values: fc.integer({ min: 1, max: 3 }),
    reads: fc.boolean(),
    fate: fc.oneof(
      { weight: 8, arbitrary: fc.constant('ok' as const) },
      { weight: 1, arbitrary: fc.constantFrom('failed', 'unknown-done', 'unknown-undone') },
    ),
    early: fc.nat(40),
    late: fc.nat(40),
  }),
  { minLength: 5, maxLength: 60 },
);

/** Executes the plans one after the other, each at one instant, as a serializable database does. Then reads all lists at rest. */
function execute(planned: readonly Plan[]): Operation[] {
  const lists = new Map<string, readonly string[]>();
  const perform = (
    { lists: of, values, reads, fate, early, late }: Plan,
    n: number,
    final = false,
  ): Operation => {
    const steps = of.flatMap((list): Step[] => {
      const key = `list-${list}`;
      if (reads) return [{ read: key, values: lists.get(key) ?? [] }];
      const added = Array.from({ length: values }, (_, place) => `${n}.${place}`);
      if (fate === 'ok' || fate === 'unknown-done') lists.set(key, [...(lists.get(key) ?? []), ...added]);
      return added.map((value) => ({ append: key, value }));
    });
    const outcome: Outcome = fate === 'ok' || fate === 'failed' ? fate : 'unknown';
    const end = outcome === 'unknown' ? Infinity : n * 10 + late;
    return { process: `p${n}`, call: 'call', begin: n * 10 - early, end, outcome, steps, final };
  };
  const last: Plan = { lists: [0, 1, 2, 3], values: 0, reads: true, fate: 'ok', early: 0, late: 1 };
  return [...planned.map((plan, n) => perform(plan, n)), perform(last, planned.length + 100, true)];
}

const valuesOf = ({ outcome, steps }: Operation): string[] =>
  outcome === 'ok' ? steps!.flatMap((step) => ('append' in step ? [step.value] : [])) : [];

/** Changes the values of every read in a history. */
const withReads = (
  history: readonly Operation[],
  change: (values: readonly string[], key: string, by: Operation) => readonly string[],
): Operation[] =>
  history.map((by) => ({
    ...by,
    steps: by.steps!.map((step) =>
      'read' in step ? { read: step.read, values: change(step.values, step.read, by) } : step,
    ),
  }));

const atRest = (history: readonly Operation[], key: string): readonly string[] =>
  history.at(-1)!.steps!.flatMap((step) => ('read' in step && step.read === key ? step.values : []));

/** Each damages a history, and names the anomalies to be found; null if there is nothing to damage. */
const damages: Readonly<
  Record<string, (history: readonly Operation[], pick: number) => readonly [Operation[], string[]] | null>
> = {
  'an acknowledged value that no read sees': (history, pick) => {
    const values = history.flatMap(valuesOf);
    const lost = values[pick % values.length];
    if (lost === undefined) return null;
    return [withReads(history, (seen) => seen.filter((value) => value !== lost)), ['lost-append']];
  },
  'a value of a failed operation': (history, pick) => {
    const failed = history.filter(({ outcome, steps }) => outcome === 'failed' && 'append' in steps![0]!);
    const by = failed[pick % failed.length];
    const [step] = by?.steps ?? [];
    if (step === undefined || !('append' in step)) return null;
    return [
      withReads(history, (seen, key, { final }) =>
        final === true && key === step.append ? [...seen, step.value] : seen,
      ),
      ['G1a'],
    ];
  },
  'a value that nobody appended': (history) => [
    withReads(history, (seen, _, { final }) => (final === true ? [...seen, 'nobody'] : seen)),
    ['garbage-read'],
  ],
  'values that changed their order after they were read': (history) => {
    const key = [0, 1, 2, 3].map((n) => `list-${n}`).find((list) => atRest(history, list).length > 1);
    if (key === undefined) return null;
    const damaged = withReads(history, (seen, list, { final }) =>
      final === true && list === key ? [...seen].reverse() : seen,
    );
    const before = { ...history.at(-1)!, final: false, steps: [{ read: key, values: atRest(history, key) }] };
    return [[...damaged, before], ['incompatible-order']];
  },
  'a last value that is missing at rest': (history, pick) => {
    const lists = [0, 1, 2, 3].map((n) => `list-${n}`).filter((list) => atRest(history, list).length > 0);
    const key = lists[pick % lists.length];
    if (key === undefined || !history.some((by) => valuesOf(by).includes(atRest(history, key).at(-1)!)))
      return null;
    const damaged = withReads(history, (seen, list, { final }) =>
      final === true && list === key ? seen.slice(0, -1) : seen,
    );
    return [damaged, ['lost-append']];
  },
};

const runs = Number(process.env['CHECKER_RUNS'] ?? 300);

// Without this, the checker could report a fault of a correct database when operations overlap or fail.
describe('the checker', () => {
  it('finds no anomaly in random histories of a database that executes one operation after the other', () => {
    fc.assert(
      fc.property(plans, (planned) => {
        expect(checkHistory(execute(planned), rules)).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  it.each(Object.entries(damages))('finds the anomaly in random histories with %s', (_, damage) => {
    let damaged = 0;
    fc.assert(
      fc.property(plans, fc.nat(1_000), (planned, pick) => {
        const made = damage(execute(planned), pick);
        if (made === null) return;
        damaged += 1;
        const [history, names] = made;
        expect(checkHistory(history, rules).map(({ name }) => name)).toEqual(expect.arrayContaining(names));
      }),
      { numRuns: runs },
    );
    expect(damaged).toBeGreaterThan(runs / 10);
  });
});
