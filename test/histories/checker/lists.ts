import type { Anomaly, AnomalyName, Operation } from './history';

/** A read of a list, with the operation that made it. */
export interface Read {
  readonly by: Operation;
  readonly values: readonly string[];
}

/** The operations of a history on one list. */
export interface List {
  readonly key: string;
  /** The operation that appended each value. */
  readonly writers: ReadonlyMap<string, Operation>;
  readonly reads: readonly Read[];
  /** The values in the order of their appends, from the longest read. */
  readonly order: readonly string[];
}

interface Collected {
  readonly writers: Map<string, Operation>;
  readonly reads: Read[];
}

const ownAppends = (by: Operation, key: string): string[] =>
  (by.steps ?? []).flatMap((step) => ('append' in step && step.append === key ? [step.value] : []));

/** True if `order` begins with `values`. */
const isPrefix = (values: readonly string[], order: readonly string[]): boolean =>
  values.length <= order.length && values.every((value, n) => value === order[n]);

/** Collects the lists of a history. Reads count only in operations that took effect. */
export function collectLists(history: readonly Operation[]): List[] {
  const lists = new Map<string, Collected>();
  const listOf = (key: string): Collected => {
    const list = lists.get(key) ?? { writers: new Map<string, Operation>(), reads: [] };
    lists.set(key, list);
    return list;
  };
  for (const by of history) {
    for (const step of by.steps ?? []) {
      if ('append' in step) listOf(step.append).writers.set(step.value, by);
      else if (by.outcome === 'ok') listOf(step.read).reads.push({ by, values: step.values });
    }
  }
  return [...lists].map(([key, { writers, reads }]) => {
    const longest = reads.reduce<readonly string[]>(
      (found, { values }) => (values.length > found.length ? values : found),
      [],
    );
    return { key, writers, reads, order: longest };
  });
}

/** An operation must read its own appends after the earlier values. */
function internalFaults(history: readonly Operation[]): Anomaly[] {
  return history.flatMap((by) => {
    const known = new Map<string, string[]>();
    for (const step of by.outcome === 'ok' ? (by.steps ?? []) : []) {
      if ('append' in step) {
        known.set(step.append, [...(known.get(step.append) ?? []), step.value]);
        continue;
      }
      const own = known.get(step.read) ?? [];
      if (own.length > 0 && !isPrefix(own, step.values.slice(-own.length)))
        return [
          {
            name: 'internal' as const,
            says: `${step.read}: it does not read what it has itself put there`,
            operations: [by],
          },
        ];
      known.set(step.read, [...step.values]);
    }
    return [];
  });
}

/** Finds what is impossible in one read. */
function faultsOfRead({ key, writers, order }: List, { by, values }: Read): Anomaly[] {
  const anomaly = (name: AnomalyName, says: string, ...others: Operation[]): Anomaly => ({
    name,
    says: `${key}: ${says}`,
    operations: [...others, by],
  });
  const found: Anomaly[] = [];
  if (new Set(values).size < values.length)
    found.push(anomaly('duplicate-element', `a value is twice in ${JSON.stringify(values)}`));
  if (!isPrefix(values, order))
    found.push(
      anomaly(
        'incompatible-order',
        `${JSON.stringify(values)} is no beginning of ${JSON.stringify(order)}, which was read too`,
      ),
    );
  for (const value of values) {
    const writer = writers.get(value);
    if (writer === undefined) found.push(anomaly('garbage-read', `nobody has put ${value} there`));
    else if (writer.outcome === 'failed')
      found.push(anomaly('G1a', `${value} is of an operation that took no effect`, writer));
    else if (writer.begin > by.end)
      found.push(anomaly('future-read', `${value} was put there only afterwards`, writer));
  }
  const last = values.at(-1);
  const writer = last === undefined ? undefined : writers.get(last);
  if (writer !== undefined && writer !== by && ownAppends(writer, key).at(-1) !== last)
    found.push(anomaly('G1b', `it ends with ${last}, in the midst of an operation`, writer));
  return found;
}

/**
 * Finds reads that lack a value which was acknowledged, or read, before they began: stale if a later read shows the value, lost
 * if none does.
 */
function timelinessFaults({ key, writers, reads, order }: List): Anomaly[] {
  const places = new Map(order.map((value, place) => [value, place]));
  const last = reads.reduce<Operation | null>(
    (found, { by }) => (found === null || by.begin > found.begin ? by : found),
    null,
  );
  const lost = [...writers].flatMap(([value, writer]): Anomaly[] =>
    writer.outcome === 'ok' && !places.has(value) && last !== null && last.begin > writer.end
      ? [
          {
            name: 'lost-append',
            says: `${key}: ${value} was acknowledged, and is nowhere`,
            operations: [writer, last],
          },
        ]
      : [],
  );
  // From the end of `by` on, at least `length` values existed for certain
  const known = [
    ...[...writers].flatMap(([value, by]) =>
      by.outcome === 'ok' && places.has(value) ? [{ by, length: places.get(value)! + 1 }] : [],
    ),
    ...reads.map(({ by, values }) => ({ by, length: values.length })),
  ].sort((one, other) => one.by.end - other.by.end);
  const found: Anomaly[] = [];
  let next = 0;
  let most = { by: null as Operation | null, length: 0 };
  for (const { by, values } of [...reads].sort((one, other) => one.by.begin - other.by.begin)) {
    for (; next < known.length && known[next]!.by.end < by.begin; next += 1)
      if (known[next]!.length > most.length) most = known[next]!;
    if (values.length >= most.length || most.by === null) continue;
    const [name, how] =
      by.final === true ? (['lost-append', 'at rest'] as const) : (['stale-read', 'later'] as const);
    const says = `${key}: ${most.length} values were there, and ${how} ${values.length} are read`;
    found.push({ name, says, operations: [most.by, by] });
  }
  return [...lost, ...found];
}

/** Finds what is wrong with the lists of a history, each one alone. */
export function checkLists(history: readonly Operation[], lists: readonly List[]): Anomaly[] {
  return [
    ...internalFaults(history),
    ...lists.flatMap((list) => [
      ...list.reads.flatMap((read) => faultsOfRead(list, read)),
      ...timelinessFaults(list),
    ]),
  ];
}
