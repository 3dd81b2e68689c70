import type { Anomaly, AnomalyName, Operation } from './history';
import type { List } from './lists';
import { components } from './components';

/**
 * `ww`: the other put its value right behind this one's. `wr`: the other read this one's value. `rw`: the other put its value
 * right behind what this one has read.
 */
type Kind = 'ww' | 'wr' | 'rw';

type Edges = Map<Operation, Map<Operation, Set<Kind>>>;

/** Which operation has to come before which, as the lists tell (Adya's dependencies). */
function dependencies(lists: readonly List[]): Edges {
  const edges: Edges = new Map();
  const add = (from: Operation | undefined, to: Operation | undefined, kind: Kind): void => {
    if (from === undefined || to === undefined || from === to) return;
    const targets = edges.get(from) ?? new Map<Operation, Set<Kind>>();
    edges.set(from, targets);
    targets.set(to, (targets.get(to) ?? new Set<Kind>()).add(kind));
  };
  for (const { writers, reads, order } of lists) {
    const writerAt = (place: number): Operation | undefined =>
      place < 0 ? undefined : writers.get(order[place] ?? '');
    order.forEach((_, place) => add(writerAt(place), writerAt(place + 1), 'ww'));
    for (const { by, values } of reads) {
      add(writerAt(values.length - 1), by, 'wr');
      add(by, writerAt(values.length), 'rw');
    }
  }
  return edges;
}

type Next = (from: Operation) => Operation[];

/** The operations that follow each one by edges of these kinds, within the set. */
const following =
  (edges: Edges, kinds: readonly Kind[], within: ReadonlySet<Operation>): Next =>
  (from) =>
    [...(edges.get(from) ?? [])].flatMap(([to, found]) =>
      within.has(to) && kinds.some((kind) => found.has(kind)) ? [to] : [],
    );

/** A shortest way, both ends included; null where there is none. */
function wayBetween(from: Operation, to: Operation, next: Next): Operation[] | null {
  const before = new Map<Operation, Operation | null>([[from, null]]);
  for (const at of before.keys()) {
    if (at === to) {
      const way: Operation[] = [];
      for (let step: Operation | null = at; step !== null; step = before.get(step) ?? null) way.unshift(step);
      return way;
    }
    for (const other of next(at)) if (!before.has(other)) before.set(other, at);
  }
  return null;
}

/** The first cycle that begins with an edge of this kind and goes back by those kinds. */
function cycleWith(
  edges: Edges,
  within: readonly Operation[],
  first: Kind,
  back: readonly Kind[],
): Operation[] | null {
  const set = new Set(within);
  const forth = following(edges, [first], set);
  const next = following(edges, back, set);
  for (const from of within) {
    for (const to of forth(from)) {
      const way = wayBetween(to, from, next);
      if (way !== null) return way;
    }
  }
  return null;
}

/** From the gravest: G0 is a cycle of writes alone, G1c one of writes and reads, G-single has one rw, G2 several. */
const classes: readonly {
  readonly name: AnomalyName;
  readonly first: Kind;
  readonly back: readonly Kind[];
}[] = [
  { name: 'G0', first: 'ww', back: ['ww'] },
  { name: 'G1c', first: 'wr', back: ['ww', 'wr'] },
  { name: 'G-single', first: 'rw', back: ['ww', 'wr'] },
  { name: 'G2', first: 'rw', back: ['ww', 'wr', 'rw'] },
];

/** The cycles of a history: of each knot of operations the gravest one, a shortest of its kind. */
export function checkCycles(lists: readonly List[]): Anomaly[] {
  const edges = dependencies(lists);
  return components(edges.keys(), (from) => edges.get(from)?.keys() ?? []).flatMap((knot) => {
    for (const { name, first, back } of classes) {
      const operations = cycleWith(edges, knot, first, back);
      if (operations === null) continue;
      const says = `${operations.length} operations each of which has to come before the next, and the last before the first`;
      return [{ name, says, operations }];
    }
    return [];
  });
}
