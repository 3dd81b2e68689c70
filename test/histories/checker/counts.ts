import type { Anomaly, AnomalyName, Fact, Operation } from './history';

/** A number that an operation added or saw. */
interface Figure {
  readonly by: Operation;
  readonly value: number;
}

interface Figures {
  /** From operations that took effect, or may have. */
  readonly given: Figure[];
  readonly seen: Figure[];
  readonly summed: Figure[];
}

type Part = readonly [name: string, place: keyof Figures, value: number];

function collect(history: readonly Operation[], partOf: (fact: Fact) => Part | null): Map<string, Figures> {
  const all = new Map<string, Figures>();
  for (const by of history) {
    for (const fact of by.outcome === 'failed' ? [] : (by.facts ?? [])) {
      const part = partOf(fact);
      if (part === null || (part[1] !== 'given' && by.outcome !== 'ok')) continue;
      const [name, place, value] = part;
      const figures = all.get(name) ?? { given: [], seen: [], summed: [] };
      all.set(name, figures);
      figures[place].push({ by, value });
    }
  }
  return all;
}

const counterPart = (fact: Fact): Part | null => {
  if ('added' in fact) return [fact.added, 'given', fact.by];
  if ('counted' in fact) return [fact.counted, 'seen', fact.value];
  return 'summed' in fact ? [fact.summed, 'summed', fact.value] : null;
};

const markPart = (fact: Fact): Part | null => {
  if ('raised' in fact) return [fact.raised, 'given', fact.to];
  return 'marked' in fact ? [fact.marked, 'seen', fact.value] : null;
};

/** Yields each figure that was seen, in time order, with the joined values of all given figures before it. */
function* sweep(
  seen: readonly Figure[],
  given: readonly Figure[],
  {
    at,
    limit,
    join,
  }: {
    readonly at: 'begin' | 'end';
    readonly limit: 'begin' | 'end';
    readonly join: (sum: number, value: number) => number;
  },
): Generator<readonly [Figure, number]> {
  const inOrder = [...given].sort((one, other) => one.by[at] - other.by[at]);
  let [next, sum] = [0, 0];
  for (const figure of [...seen].sort((one, other) => one.by[limit] - other.by[limit])) {
    for (; next < inOrder.length && inOrder[next]!.by[at] < figure.by[limit]; next += 1)
      sum = join(sum, inOrder[next]!.value);
    yield [figure, sum];
  }
}

const plus = (sum: number, value: number): number => sum + value;

/** A counter must hold at least all acknowledged additions, and at most all additions that had begun. */
function counterFaults(name: string, { given, seen, summed }: Figures): Anomaly[] {
  const anomaly = (kind: AnomalyName, says: string, { by }: Figure): Anomaly => ({
    name: kind,
    says: `${name}: ${says}`,
    operations: [by],
  });
  const certain = given.filter(({ by }) => by.outcome === 'ok');
  const found: Anomaly[] = [];
  for (const [figure, least] of sweep(seen, certain, { at: 'end', limit: 'begin', join: plus }))
    if (figure.value < least)
      found.push(
        anomaly(
          figure.by.final === true ? 'lost-count' : 'stale-count',
          `${least} were acknowledged, and it is ${figure.value}`,
          figure,
        ),
      );
  for (const [figure, most] of sweep(seen, given, { at: 'begin', limit: 'end', join: plus }))
    if (figure.value > most)
      found.push(anomaly('counted-twice', `${most} were begun, and it is ${figure.value}`, figure));
  for (const sum of summed) {
    const shown = seen.find(({ by }) => by === sum.by);
    if (shown !== undefined && shown.value !== sum.value)
      found.push(anomaly('differs-from-sum', `it is ${shown.value}, and the sum ${sum.value}`, sum));
  }
  return found;
}

/** A mark must have been set by somebody, and must not be lower than one set or seen before. */
function markFaults(name: string, { given, seen }: Figures): Anomaly[] {
  const found: Anomaly[] = [];
  const known = [...given.filter(({ by }) => by.outcome === 'ok'), ...seen];
  for (const [{ by, value }, least] of sweep(seen, known, { at: 'end', limit: 'begin', join: Math.max }))
    if (value < least)
      found.push({
        name: by.final === true ? 'lost-mark' : 'stale-mark',
        says: `${name}: it was ${least}, and is ${value}`,
        operations: [by],
      });
  for (const { by, value } of seen)
    if (value !== 0 && !given.some((one) => one.value === value && one.by.begin < by.end))
      found.push({
        name: 'mark-from-nowhere',
        says: `${name}: it is ${value}, which nobody has set`,
        operations: [by],
      });
  return found;
}

/** A thing that is given once must be given to one operation only. */
function claimFaults(history: readonly Operation[]): Anomaly[] {
  const given = new Map<string, Operation>();
  return history.flatMap((by) =>
    (by.outcome === 'ok' ? (by.facts ?? []) : []).flatMap((fact): Anomaly[] => {
      if (!('claimed' in fact)) return [];
      const first = given.get(fact.claimed);
      given.set(fact.claimed, by);
      return first === undefined
        ? []
        : [{ name: 'claimed-twice', says: `${fact.claimed}: two have it`, operations: [first, by] }];
    }),
  );
}

/** Finds what is wrong with the counters, marks and claims of a history. */
export function checkCounts(history: readonly Operation[]): Anomaly[] {
  return [
    ...claimFaults(history),
    ...[...collect(history, counterPart)].flatMap(([name, figures]) => counterFaults(name, figures)),
    ...[...collect(history, markPart)].flatMap(([name, figures]) => markFaults(name, figures)),
  ];
}
