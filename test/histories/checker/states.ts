import type { Anomaly, AnomalyName, Operation } from './history';

/** The rules for the states of an entity. */
export interface StateRules {
  /** For each state, the states that may come before it. */
  readonly before: Readonly<Record<string, readonly string[]>>;
  /** The states that an entity never leaves. */
  readonly terminal: readonly string[];
  /** The state that at most one entity of a group may have at a time. */
  readonly exclusive: string;
  /** True if every entity must be in a terminal state at rest. */
  readonly allEnd: boolean;
}

/** An operation set an entity to a state, or saw it there. */
interface Moment {
  readonly by: Operation;
  readonly state: string;
}

interface Entity {
  readonly id: string;
  group: string | null;
  /** From operations that took effect, or may have. */
  readonly entries: Moment[];
  readonly sights: Moment[];
}

function collectEntities(history: readonly Operation[]): Entity[] {
  const entities = new Map<string, Entity>();
  const entityOf = (id: string): Entity => {
    const entity = entities.get(id) ?? { id, group: null, entries: [], sights: [] };
    entities.set(id, entity);
    return entity;
  };
  for (const by of history) {
    for (const fact of by.outcome === 'failed' ? [] : (by.facts ?? [])) {
      if ('entered' in fact) {
        const entity = entityOf(fact.entered);
        entity.entries.push({ by, state: fact.state });
        entity.group ??= fact.group ?? null;
      } else if ('saw' in fact && by.outcome === 'ok')
        entityOf(fact.saw).sights.push({ by, state: fact.state });
    }
  }
  return [...entities.values()];
}

/** True if an entity can get from one state to the other in any number of steps, also none. */
function isReachable(rules: StateRules, from: string, to: string): boolean {
  return from === to || (rules.before[to] ?? []).some((before) => isReachable(rules, from, before));
}

const isCertain = ({ by }: Moment): boolean => by.outcome === 'ok';

function anomaly(name: AnomalyName, { id }: Entity, says: string, ...operations: Operation[]): Anomaly {
  return { name, says: `${id}: ${says}`, operations };
}

/** An entity must enter each state at most once, and at most one terminal state. */
function entryFaults(rules: StateRules, entity: Entity): Anomaly[] {
  const certain = entity.entries.filter(isCertain);
  const isEnd = (state: string): boolean => rules.terminal.includes(state);
  return certain.flatMap((one, n) =>
    certain
      .slice(n + 1)
      .filter(({ state }) => state === one.state || (isEnd(state) && isEnd(one.state)))
      .map(({ state, by }) =>
        anomaly('entered-twice', entity, `two have brought it to ${one.state} and ${state}`, one.by, by),
      ),
  );
}

/** Somebody must have set a terminal state that is seen, and no other terminal state may be seen. */
function terminalFaults(rules: StateRules, entity: Entity): Anomaly[] {
  const ends = entity.sights.filter(({ state }) => rules.terminal.includes(state));
  const from = ends.filter(
    ({ by, state }) => !entity.entries.some((entry) => entry.state === state && entry.by.begin < by.end),
  );
  const [first] = ends;
  const other = ends.find(({ state }) => state !== first?.state);
  return [
    ...from.map(({ by, state }) =>
      anomaly('state-from-nowhere', entity, `it is ${state}, and nobody has brought it there`, by),
    ),
    ...(first === undefined || other === undefined
      ? []
      : [
          anomaly(
            'left-terminal-state',
            entity,
            `it was seen ${first.state} and ${other.state}`,
            first.by,
            other.by,
          ),
        ]),
  ];
}

/** A read must show each state that was certain before it began, or one that can follow it. */
function orderFaults(rules: StateRules, entity: Entity): Anomaly[] {
  const known = [...entity.entries.filter(isCertain), ...entity.sights];
  return entity.sights.flatMap((sight) => {
    const earlier = known.find(
      ({ by, state }) => by.end < sight.by.begin && !isReachable(rules, state, sight.state),
    );
    if (earlier === undefined) return [];
    const name = ((): AnomalyName => {
      if (sight.by.final === true) return 'lost-transition';
      if (isReachable(rules, sight.state, earlier.state)) return 'stale-state';
      return rules.terminal.includes(earlier.state) ? 'left-terminal-state' : 'went-back';
    })();
    return [
      anomaly(
        name,
        entity,
        `it was ${earlier.state}, and is seen ${sight.state} later`,
        earlier.by,
        sight.by,
      ),
    ];
  });
}

/** At rest, every entity must be in a terminal state. */
function endFaults(rules: StateRules, entity: Entity): Anomaly[] {
  if (!rules.allEnd) return [];
  return entity.sights
    .filter(({ by, state }) => by.final === true && !rules.terminal.includes(state))
    .map(({ by, state }) => anomaly('never-ended', entity, `it is ${state} at rest`, by));
}

interface Interval {
  readonly entity: Entity;
  readonly by: Operation;
  readonly until: number;
}

/** When the entity certainly had the exclusive state: after the call that set it, until a call may have ended it. */
function intervalOf(rules: StateRules, entity: Entity): Interval[] {
  const entry = entity.entries.find((moment) => isCertain(moment) && moment.state === rules.exclusive);
  if (entry === undefined || entity.group === null) return [];
  const until = entity.entries
    .filter(({ state }) => rules.terminal.includes(state))
    .reduce((first, { by }) => Math.min(first, by.begin), Infinity);
  return until > entry.by.end ? [{ entity, by: entry.by, until }] : [];
}

/** At most one entity of a group may have the exclusive state at a time. */
function groupFaults(rules: StateRules, entities: readonly Entity[]): Anomaly[] {
  const latest = new Map<string, Interval>();
  return entities
    .flatMap((entity) => intervalOf(rules, entity))
    .sort((one, other) => one.by.end - other.by.end)
    .flatMap((interval) => {
      const group = interval.entity.group!;
      const before = latest.get(group);
      if (before === undefined || before.until < interval.until) latest.set(group, interval);
      return before !== undefined && before.until > interval.by.end
        ? [
            anomaly(
              'two-at-once',
              interval.entity,
              `${before.entity.id} of ${group} was ${rules.exclusive} too`,
              before.by,
              interval.by,
            ),
          ]
        : [];
    });
}

/** Finds what is wrong with the states of a history's entities. */
export function checkStates(history: readonly Operation[], rules: StateRules): Anomaly[] {
  const entities = collectEntities(history);
  return [
    ...entities.flatMap((entity) => [
      ...entryFaults(rules, entity),
      ...terminalFaults(rules, entity),
      ...orderFaults(rules, entity),
      ...endFaults(rules, entity),
    ]),
    ...groupFaults(rules, entities),
  ];
}
