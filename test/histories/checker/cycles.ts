import type { Anomaly, AnomalyName, Operation } from './history';
import type { List } from './lists';
import { components } from './components';

/**
 * Why an operation comes before another one. `ww`: the other one appended right after its value. `wr`: the other one read its
 * value. `rw`: the other one appended right after the value that it read.
 */
type Kind = 'ww' | 'wr' | 'rw';

type Edges = Map<Operation, Map<Operation, Set<Kind>>>;

/** Which operation must come before which, according to the lists (Adya's dependencies). */
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

/** Returns the operations that follow one by edges of these kinds, within the set. */
const following =
  (edges: Edges, kinds: readonly Kind[], within: ReadonlySet<Operation>): Next =>
  (from) =>
    [...(edges.get(from) ?? [])].flatMap(([to, found]) =>
      within.has(to) && kinds.some((kind) => found.has(kind)) ? [to] : [],
    );

/** Returns a shortest path, with both ends; null if there is none. */
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

/** Finds the first cycle that begins with an edge of this kind and returns by edges of those kinds. */
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

/** The gravest first. G0: a cycle of writes only. G1c: of writes and reads. G-single: with one rw. G2: with several rw. */
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

/** Finds the cycles of a history: for each component the gravest cycle, a shortest one of its kind. */
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
