import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Claim, SkippedRun } from '../repositories';
import { DatabaseWatch, passes } from './database-watch';
import { readWorkerOptions, type RunEnd, type WorkerOptions, type WorkerSettings } from './options';
import { beginRun, messageOf, type RunContext, type UnderWay } from './run';

/** What a worker tells. A listener that throws, or whose promise rejects, is warned of, and changes nothing. */
export interface WorkerEvents {
  began: [run: Claim];
  ended: [run: Claim, end: RunEnd];
  /** A due run that did not take place, and why. */
  skipped: [run: SkippedRun];
  /** A run, of any worker, was silent for too long and has been ended with error. */
  reaped: [executionId: string];
  /** The database does not answer, takes no writes, or shuts the account out. */
  away: [error: unknown];
  back: [afterMs: number];
  /** Anything else that went wrong. The worker goes on. */
  fault: [error: unknown];
  stopping: [runs: number, stopMs: number];
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = delay(ms, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([promise, late]).finally(() => limit.abort());
}

/**
 * Runs the flows that are due and those that wait in the queue. Any number of workers may work on one database: each run is
 * claimed by one of them. What it knows is in the tables, so that a worker that dies leaves nothing behind but runs that fall
 * silent, which others end.
 */
export class Worker extends EventEmitter<WorkerEvents> {
  private readonly underWay = new Map<UnderWay, Promise<void>>();
  private readonly givingUp = new AbortController();
  private readonly database: DatabaseWatch;
  private readonly context: RunContext;
  private pause = new AbortController();
  private working: Promise<void> | undefined;
  private drained: Promise<void> | undefined;
  private reapedAt = -Infinity;
  private isQueueFirst = false;
  private isStopping = false;

  /** @param settings as {@link createWorker} has judged them */
  constructor(private readonly settings: WorkerSettings) {
    super();
    this.database = new DatabaseWatch(settings.pollMs, {
      away: (error) => this.tell('away', error),
      back: (afterMs) => this.tell('back', afterMs),
    });
    const fault = (error: unknown): void => this.tell('fault', error);
    this.context = { settings, database: this.database, givingUp: this.givingUp.signal, fault };
  }

  /** Begins to look for work. A worker that was stopped stays so. */
  start(): this {
    this.working ??= this.work();
    return this;
  }

  /**
   * Takes no more runs, and lets those under way end. After `stopMs` they are cancelled; at most twice `graceMs` later it
   * resolves. Never rejects.
   */
  stop(): Promise<void> {
    this.isStopping = true;
    this.pause.abort();
    // Later, as a listener of `stopping` may ask for it once more
    this.drained ??= Promise.resolve().then(() => this.drain());
    return this.drained;
  }

  private async work(): Promise<void> {
    const { pollMs } = this.settings;
    while (!this.isStopping) {
      this.pause = new AbortController();
      const { signal } = this.pause;
      try {
        await this.database.observe(() => this.look());
      } catch (error) {
        if (!passes(error)) this.tell('fault', error);
      }
      await delay(pollMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    // In turns: neither the due runs nor the queue is to starve while the other has more than can be run
    const looks = [() => this.claimDue(), () => this.claimQueued()];
    this.isQueueFirst = !this.isQueueFirst;
    for (const claim of this.isQueueFirst ? looks.reverse() : looks)
      if (this.room() > 0) (await claim()).forEach((one) => this.begin(one));
    await this.reap();
  }

  private room(): number {
    return this.settings.concurrency - this.underWay.size;
  }

  private async claimDue(): Promise<readonly Claim[]> {
    const { repositories, name, perRepository, overlap, missed, missedAfterMs } = this.settings;
    const { claimed, skipped } = await repositories.dueFlows.claimDue({
      ...{ worker: name, limit: this.room(), perRepository },
      ...{ overlap, missed, missedAfterMs },
    });
    for (const run of skipped) this.tell('skipped', run);
    return claimed;
  }

  private claimQueued(): Promise<readonly Claim[]> {
    const { repositories, name, perRepository } = this.settings;
    return repositories.dueFlows.claimQueued({ worker: name, limit: this.room(), perRepository });
  }

  private begin(claim: Claim): void {
    this.tell('began', claim);
    const run = beginRun(claim, this.context);
    const ended = run.ended.then((end) => {
      this.underWay.delete(run);
      this.tell('ended', claim, end);
      this.pause.abort();
    });
    this.underWay.set(run, ended);
    // Claimed by a look that was under way
    if (this.givingUp.signal.aborted) this.cancel(run);
  }

  private cancel(run: UnderWay): void {
    run.abort('The worker was stopped', 'cancelled');
  }

  /** Ends silent runs. Time in which nobody could give a sign of life, as the database was away, is no silence. */
  private async reap(): Promise<void> {
    const { repositories, silenceMs, retry } = this.settings;
    const now = performance.now();
    if (this.database.answersForMs < silenceMs || now - this.reapedAt < silenceMs / 2) return;
    for (const id of await repositories.executions.reapStale({ silenceMs, retry })) this.tell('reaped', id);
    this.reapedAt = now;
  }

  private async drain(): Promise<void> {
    const { stopMs, graceMs } = this.settings;
    this.tell('stopping', this.underWay.size, stopMs);
    const ended = Promise.resolve(this.working).then(() => Promise.all(this.underWay.values()));
    await within(stopMs, ended);
    this.givingUp.abort();
    for (const run of this.underWay.keys()) this.cancel(run);
    await within(2 * graceMs, ended);
  }

  private tell<Name extends keyof WorkerEvents>(name: Name, ...facts: WorkerEvents[Name]): void {
    const warn = (error: unknown): void =>
      process.emitWarning(`A listener of a worker's event ${name} threw: ${messageOf(error)}`);
    // Not emit: there, the listeners behind one that throws hear nothing
    for (const listener of (this as EventEmitter).rawListeners(name))
      (async () => listener.apply(this, facts) as unknown)().catch(warn);
  }
}

/**
 * Makes a worker, which begins with `start()`.
 *
 * @throws VALIDATION_FAILED naming every option that is wrong
 */
export function createWorker(options: WorkerOptions): Worker {
  return new Worker(readWorkerOptions(options));
}
