import fc from 'fast-check';
import type { Queryable } from '../../../src/engine/server/queryable';
import type { Repositories } from '../../../src/repositories';
import { addPruned, wrongFlows, type Counted } from '../../support/recomputation';
import { accountFaults, type Entry } from './accounts';
import { calls, perform, type Call } from './calls';
import { interleave, Undecided, type Actor, type Plan, type Step } from './interleaving';
import { lawsBroken } from './laws';
import { connectionsInLockWait } from '../../support/waits-for-row';
import type { StatementProxy } from './statement-proxy';
import {
  leftRecords,
  makeWorld,
  readCommitted,
  silenceMs,
  worlds,
  type Committed,
  type FlowPlan,
} from './world';

/** The number of clients, and the largest number of actors. */
export const clientCount = 4;

/** Calls at the same time on some flows, in one interleaving. */
export interface Race extends Plan {
  readonly flows: readonly FlowPlan[];
  /** The calls of each actor, in order. */
  readonly actors: readonly (readonly Call[])[];
}

/** Many switches between actors, at any step. */
const manyChanges = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat({ max: 3 }) }),
  { maxLength: 80, size: 'max' },
);
/** Few switches, far apart: most faults need one or two switches at the right steps. */
const fewChanges = fc
  .array(fc.record({ after: fc.nat({ max: 60 }), to: fc.integer({ min: 1, max: 3 }) }), { maxLength: 4 })
  .map((changes) => changes.flatMap(({ after, to }) => [...Array<number>(after).fill(0), to]));
const turns = fc.oneof(manyChanges, fewChanges);

const faults = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom(
        'cut' as const,
        'answer-lost' as const,
        'deadlock' as const,
        'lock-wait' as const,
      ),
      at: fc.nat({ max: 30 }),
      atCommit: fc.constant(false),
    }),
    fc.record({
      kind: fc.constantFrom(
        'answer-lost' as const,
        'answer-lost' as const,
        'cut' as const,
        'deadlock' as const,
      ),
      at: fc.nat({ max: 5 }),
      atCommit: fc.constant(true),
    }),
  ),
  { maxLength: 2 },
);

const none = fc.constant([]);

/**
 * Races of these calls, with up to four actors, on these flows. No minimum length, so that shrinking can remove any actor.
 *
 * @param withFaults true if connections break and the server aborts statements
 */
export const racesOf = (
  of: fc.Arbitrary<Call>,
  flows: fc.Arbitrary<FlowPlan[]>,
  withFaults: boolean,
): fc.Arbitrary<Race> =>
  fc.record({
    flows,
    actors: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.array(of, { minLength: 1, maxLength: 1 }) },
        { weight: 1, arbitrary: fc.array(of, { minLength: 1, maxLength: 2 }) },
      ),
      { maxLength: clientCount, size: 'max' },
    ),
    turns,
    faults: withFaults ? fc.oneof({ weight: 2, arbitrary: none }, { weight: 1, arbitrary: faults }) : none,
  });

/** Races of any calls. */
export const races = racesOf(calls, worlds, true);

/** A client whose repositories' statements pass its own proxy. */
export interface Client {
  readonly proxy: StatementProxy;
  readonly repositories: Repositories;
}

/** The place of races: a database that nobody else uses. */
export interface Track {
  readonly clients: readonly Client[];
  readonly session: Queryable;
  readonly scheduleId: string;
  readonly repositoryId: string;
}

/** How often the data layer checks, by its own clock, for due times that another program made wrong. */
const seldomMs = 30_000;
const looked = new WeakMap<readonly Client[], number>();

/**
 * Makes each client send now, without effect, what it sends only once or rarely. Its statements in a race then depend on the race
 * alone.
 */
async function forgetEarlierRaces({ clients, session }: Track, actors: number): Promise<void> {
  await session.query('DELETE FROM protection_flows');
  const isLongSince = performance.now() - (looked.get(clients) ?? -Infinity) > seldomMs / 2;
  for (const { repositories } of clients.slice(0, isLongSince ? clientCount : actors)) {
    if (isLongSince) await repositories.executions.reapStale({ silenceMs });
    await repositories.dueFlows.claimDue({ worker: 'w' });
    await repositories.dueFlows.claimQueued({ worker: 'w' });
  }
  if (isLongSince) looked.set(clients, performance.now());
}

/** Changes a statement that passes a proxy. */
export type Rewrite = (sql: string, session: Queryable) => string | Promise<string>;

/** The observations of a race. */
export interface Seen {
  readonly steps: readonly Step[];
  readonly entries: readonly Entry[];
  /** What is impossible; empty if all is well. */
  readonly faults: readonly string[];
  /** Why the race has no result; null if it was completed. */
  readonly undecided: string | null;
}

const textOf = ({ flows, runs }: Committed): string => JSON.stringify([...flows, ...runs]);

/** Reads the committed rows after each step, and records what is impossible. */
class Observer {
  readonly moments: Committed[] = [];
  readonly faults: string[] = [];
  private pruned: Map<string, Counted> = new Map();

  constructor(private readonly session: Queryable) {}

  async look(): Promise<void> {
    const now = await readCommitted(this.session);
    const before = this.moments.at(-1);
    if (before !== undefined && textOf(before) === textOf(now)) return;
    this.moments.push(now);
    if (before !== undefined) {
      this.faults.push(...lawsBroken(before, now));
      const there = [...before.runs.values()].filter(({ flow_id }) => now.flows.has(flow_id));
      this.pruned = addPruned(this.pruned, there, [...now.runs.values()]);
    }
    const wrong = await wrongFlows(this.session, this.pruned, { timesAreReal: true, toTheSecond: true });
    for (const [id, why] of wrong) this.faults.push(`the statistics of ${id} are wrong: it ${why}`);
    if (this.faults.length > 0) throw new Broken();
  }
}

/** Ends a race in the middle. The observer has the faults. */
class Broken extends Error {}

/** True if a statement with SKIP LOCKED waits for a lock, which it never should. */
const waitsWhereItSkips = ({ sql, what }: Step): boolean =>
  what === 'sent, and waits for a lock' && sql.includes('SKIP LOCKED');

/** Runs a race. Checks the committed rows after each commit, and the answers at the end. */
export async function run(track: Track, race: Race, rewrite?: Rewrite): Promise<Seen> {
  const { session, clients } = track;
  await forgetEarlierRaces(track, race.actors.length);
  await makeWorld(session, race.flows, track);
  const observer = new Observer(session);
  await observer.look();
  const entries: Entry[] = [];
  const actors = race.actors.map((own, n): Actor => {
    const name = 'ABCD'[n]!;
    const { proxy, repositories } = clients[n]!;
    const act = async (): Promise<void> => {
      for (const call of own) {
        const from = observer.moments.length - 1;
        const answer = await perform(repositories, call);
        entries.push({ actor: name, call, answer, from, to: observer.moments.length - 1 });
      }
    };
    return { name, proxy, act };
  });
  const steps: Step[] = [];
  const { faults } = observer;
  try {
    const { turns, faults } = race;
    await interleave(
      actors,
      { turns, faults },
      {
        inLockWait: () => connectionsInLockWait(session),
        onCommitted: () => observer.look(),
        ...(rewrite === undefined ? {} : { rewrite: (sql: string) => rewrite(sql, session) }),
      },
      steps,
    );
    await askAgain(track, race, entries, observer);
    observer.faults.push(...accountFaults(entries, observer.moments));
    observer.faults.push(...(await endFaults(track)));
  } catch (error) {
    if (error instanceof Undecided) return { steps, entries, faults, undecided: error.message };
    if (!(error instanceof Broken)) faults.push(String(error));
  }
  for (const step of steps.filter(waitsWhereItSkips))
    faults.push(`${step.actor} waits for a lock where it is to skip what is locked`);
  return { steps, entries, faults, undecided: null };
}

/** Repeats, alone, each call that got no answer. This must not fail, or do anything twice. */
async function askAgain(track: Track, race: Race, entries: Entry[], observer: Observer): Promise<void> {
  for (const { actor, call, answer } of entries.filter((entry) => entry.answer.isUnknown)) {
    if (answer.isUnknown === undefined) continue;
    const from = observer.moments.length - 1;
    const again = await perform(track.clients[0]!.repositories, call);
    await observer.look();
    if (again.isUnknown)
      observer.faults.push(`the connection was lost without a fault: ${String(again.error)}`);
    entries.push({ actor: `${actor}, again`, call, answer: again, from, to: observer.moments.length - 1 });
  }
}

/** Returns what is wrong after all actors have ended, whatever the calls were. */
async function endFaults({ session, clients }: Track): Promise<string[]> {
  const left = await leftRecords(session);
  const { recounted } = await clients[0]!.repositories.retention.recount({ dryRun: true });
  return [
    ...left.map((one) => `there is still a row in ${one}`),
    ...recounted.map(({ id }) => `a recount would change ${id}`),
  ];
}

/** Describes a race as text: its faults, its calls, and its statements in order. */
export function told(race: Race, { steps, entries, faults }: Seen): string {
  const short = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim().slice(0, 160);
  return [
    ...faults,
    '',
    JSON.stringify(race),
    ...entries.map(
      ({ actor, call, answer }) =>
        `${actor}: ${JSON.stringify(call)} → ${JSON.stringify({ ...answer, error: undefined })}`,
    ),
    ...steps
      .filter(({ what }) => what !== 'answered')
      .map(({ actor, what, sql }) => `  ${actor} ${what === 'sent' ? '' : `[${what}] `}${short(sql)}`),
  ].join('\n');
}
