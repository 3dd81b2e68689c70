import type { Held, HeldAnswer, HeldStatement, StatementProxy } from './statement-proxy';

/** A fault of one statement: the connection breaks before or after it, or the server aborts it. */
export type FaultKind = 'cut' | 'answer-lost' | 'deadlock' | 'lock-wait';

/** A fault at the n-th statement in the order of sending, from 0. */
export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
  /** Count only statements that commit. */
  readonly atCommit: boolean;
}

/** The decisions of a search. */
export interface Plan {
  /** For each step: how many actors that could continue are passed over, beginning with the last one. After the list: none. */
  readonly turns: readonly number[];
  readonly faults: readonly Fault[];
}

/** One client whose statements pass a proxy, and its work. */
export interface Actor {
  readonly name: string;
  readonly proxy: StatementProxy;
  /** Never rejects. */
  act(): Promise<void>;
}

/** An interleaving that could not be completed. It has no result. */
export class Undecided extends Error {}

/** What the driver asks about the server, and what it reports. */
export interface Surroundings {
  /** Returns the connections that wait for another transaction's row lock. */
  inLockWait(): Promise<Set<number>>;
  /** Returns the statement that a faulty program would send instead. */
  rewrite?(sql: string): string | Promise<string>;
  /** Called after each step that may have committed something, once all actors rest. */
  onCommitted(): Promise<void>;
}

/** A step of an interleaving, to be printed, or compared with a repetition. */
export interface Step {
  readonly actor: string;
  readonly sql: string;
  readonly what: 'sent' | 'sent, and waits for a lock' | 'answered' | FaultKind;
}

/** Longer than any statement takes that does not wait for a lock. */
const patienceMs = 10_000;

/** Most answers come sooner. To ask the server who waits takes longer than such a statement. */
const usualAnswerMs = 5;

/** MariaDB shows a wait for an instant when a statement skips locked rows. A real wait is still there at each look. */
const looksThatSettle = 3;

const isRead = (sql: string): boolean =>
  /^\s*(?:\(?\s*SELECT|SET|START TRANSACTION|ROLLBACK|SHOW)\b/i.test(sql);
const canBeGivenUp = (sql: string): boolean => !/^\s*(?:SET|START TRANSACTION|ROLLBACK)\b/i.test(sql);

/** The state of an actor between two steps of the driver. */
class Place {
  state: 'computing' | 'holding' | 'in the server' | 'done' = 'computing';
  held: Held | null = null;
  /** The text to send. */
  text = '';
  connectionId = 0;
  inTransaction = false;
  losesAnswer = false;

  constructor(readonly actor: Actor) {}

  /** True if the held statement may make a change visible to others. */
  get commits(): boolean {
    const sql = this.held?.sql ?? '';
    return /^\s*COMMIT\b/i.test(sql) || (!this.inTransaction && !isRead(sql));
  }

  follow(sql: string): void {
    if (/^\s*START TRANSACTION\b/i.test(sql)) this.inTransaction = true;
    if (/^\s*(?:COMMIT|ROLLBACK)\b(?!\s+TO)/i.test(sql)) this.inTransaction = false;
  }
}

function letGo(held: Held): void {
  if (held.kind === 'statement') held.send();
  else held.deliver();
}

/** Lets one actor continue at a time, statement by statement, in the order of a plan. */
class Driver {
  readonly steps: Step[] = [];
  private readonly places: Place[];
  private current = 0;
  private step = 0;
  private changes = 0;
  private changed = (): void => undefined;
  private readonly sent = { any: 0, commit: 0 };

  constructor(
    actors: readonly Actor[],
    private readonly plan: Plan,
    private readonly around: Surroundings,
  ) {
    this.places = actors.map((actor) => new Place(actor));
  }

  async run(): Promise<void> {
    const ends = this.places.map((place) => this.begin(place));
    try {
      for (;;) {
        await this.rest();
        const place = this.choose();
        if (place === null) break;
        await this.goOn(place);
      }
    } finally {
      // After an error in the middle, let the rest run to its end
      for (const place of this.places) {
        place.actor.proxy.onHeld = letGo;
        if (place.state === 'holding') letGo(place.held!);
      }
      await Promise.all(ends);
      for (const { actor } of this.places) actor.proxy.onHeld = null;
    }
  }

  private async begin(place: Place): Promise<void> {
    place.actor.proxy.onHeld = (held) => void this.hold(place, held);
    await place.actor.act();
    this.change(place, 'done');
  }

  private async hold(place: Place, held: Held): Promise<void> {
    place.held = held;
    place.connectionId = held.connectionId;
    if (held.kind === 'statement') place.text = (await this.around.rewrite?.(held.sql)) ?? held.sql;
    this.change(place, 'holding');
  }

  private change(place: Place, state: Place['state']): void {
    place.state = state;
    this.changes += 1;
    this.changed();
  }

  private readonly in = (state: Place['state']): Place[] =>
    this.places.filter((place) => place.state === state);

  /** Waits until every actor holds a statement or answer, is done, or waits in the server for another actor's lock. */
  private async rest(): Promise<void> {
    const deadline = Date.now() + patienceMs;
    let looks = 0;
    for (;;) {
      if (Date.now() > deadline)
        throw new Undecided('an actor neither asks the server nor ends, and the server lists no wait of it');
      if (this.in('computing').length > 0) {
        await this.nextChange(deadline - Date.now());
        continue;
      }
      if (this.in('in the server').length === 0) return;
      const before = this.changes;
      if (looks === 0) await this.nextChange(usualAnswerMs);
      if (this.changes !== before) continue;
      const waiting = await this.around.inLockWait();
      const inServer = this.in('in the server');
      // If an answer came meanwhile, a wait may have ended. If all actors wait, the server will soon abort one of them: MySQL finds
      // deadlocks in a background thread
      const isStill = this.changes === before && this.in('holding').length > 0;
      const allWait = isStill && inServer.every(({ connectionId }) => waiting.has(connectionId));
      looks = allWait ? looks + 1 : 0;
      if (looks === looksThatSettle) return;
    }
  }

  private async nextChange(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.changed = resolve;
      timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
  }

  private choose(): Place | null {
    const all = this.places.length;
    const able = Array.from({ length: all }, (_, n) => this.places[(this.current + n) % all]!).filter(
      ({ state }) => state === 'holding',
    );
    if (able.length === 0) return null;
    const chosen = able[(this.plan.turns[this.step] ?? 0) % able.length]!;
    this.step += 1;
    this.current = this.places.indexOf(chosen);
    return chosen;
  }

  private async goOn(place: Place): Promise<void> {
    const held = place.held!;
    const mayCommit = place.commits || this.in('in the server').length > 0;
    if (held.kind === 'answer') await this.answer(place, held);
    else await this.send(place, held);
    if (held.kind === 'statement' && mayCommit) {
      await this.rest();
      await this.around.onCommitted();
    }
  }

  private tell({ actor }: Place, sql: string, what: Step['what']): void {
    this.steps.push({ actor: actor.name, sql, what });
  }

  private async send(place: Place, held: HeldStatement): Promise<void> {
    const fault = this.faultAt(place);
    if (fault === 'cut' || fault === 'deadlock' || fault === 'lock-wait') {
      this.tell(place, held.sql, fault);
      if (fault !== 'lock-wait') place.inTransaction = false;
      place.state = 'computing';
      await (fault === 'cut' ? held.cut() : held.fail(fault));
      return;
    }
    place.follow(held.sql);
    place.state = 'in the server';
    held.send(place.text);
    await this.rest();
    const waits = this.in('in the server').includes(place);
    this.tell(place, held.sql, waits ? 'sent, and waits for a lock' : 'sent');
    place.losesAnswer = fault === 'answer-lost';
  }

  private async answer(place: Place, held: HeldAnswer): Promise<void> {
    this.tell(place, held.sql, place.losesAnswer ? 'answer-lost' : 'answered');
    place.state = 'computing';
    if (place.losesAnswer) {
      place.inTransaction = false;
      place.losesAnswer = false;
      await held.lose();
    } else held.deliver();
    await this.rest();
  }

  /** The plan's fault for the held statement, if it can happen to this statement; otherwise null. */
  private faultAt(place: Place): FaultKind | null {
    const { sql } = place.held!;
    const n = { any: this.sent.any++, commit: place.commits ? this.sent.commit++ : -1 };
    const fault = this.plan.faults.find(({ at, atCommit }) => at === (atCommit ? n.commit : n.any));
    if (fault === undefined) return null;
    const isGivenUp = fault.kind === 'deadlock' || fault.kind === 'lock-wait';
    return isGivenUp && !canBeGivenUp(sql) ? null : fault.kind;
  }
}

/**
 * Runs the actors at the same time, one statement after the other in the order of the plan.
 *
 * @param steps gets the steps, also if this throws
 * @throws {Undecided} if an actor neither sends a statement nor ends, and the server shows no wait of it
 */
export async function interleave(
  actors: readonly Actor[],
  plan: Plan,
  around: Surroundings,
  steps: Step[] = [],
): Promise<Step[]> {
  const driver = new Driver(actors, plan, around);
  try {
    await driver.run();
  } finally {
    steps.push(...driver.steps);
  }
  return steps;
}
