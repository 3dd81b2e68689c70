import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Claim, SkippedRun } from '../repositories';
import { DatabaseWatch, passes } from './database-watch';
import { readWorkerOptions, type RunEnd, type WorkerOptions, type WorkerSettings } from './options';
import { beginRun, messageOf, type RunContext, type UnderWay } from './run';

/** The events of a worker. If a listener throws or its promise rejects, the process warns of it; the worker goes on. */
export interface WorkerEvents {
  began: [run: Claim];
  ended: [run: Claim, end: RunEnd];
  /** A due run that was skipped, with the reason. */
  skipped: [run: SkippedRun];
  /** A run of any worker gave no sign of life for too long, and was ended with error. */
  reaped: [executionId: string];
  /** The database does not answer, accepts no writes, or shuts the account out. */
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
 * Runs flows that are due, and runs that wait in the queue. Any number of workers may use one database: exactly one of them
 * claims each run. All state is in the tables. A worker that dies leaves only runs without a sign of life, which other
 * workers end.
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

  /** @param settings checked by {@link createWorker} */
  constructor(private readonly settings: WorkerSettings) {
    super();
    this.database = new DatabaseWatch(settings.pollMs, {
      away: (error) => this.report('away', error),
      back: (afterMs) => this.report('back', afterMs),
    });
    const fault = (error: unknown): void => this.report('fault', error);
    this.context = { settings, database: this.database, givingUp: this.givingUp.signal, fault };
  }

  /** Begins to look for work. A stopped worker does not start again. */
  start(): this {
    this.working ??= this.work();
    return this;
  }

  /**
   * Takes no more runs, and lets the runs under way end. Cancels them after `stopMs`, and resolves at most twice `graceMs`
   * later. Never rejects.
   */
  stop(): Promise<void> {
    this.isStopping = true;
    this.pause.abort();
    // Not at once: a listener of `stopping` may call stop() again
    this.drained ??= Promise.resolve().then(() => this.drain());
    return this.drained;
  }

  private async work(): Promise<void> {
    const { pollMs } = this.settings;
    while (!this.isStopping) {
      this.pause = new AbortController();
      const { signal } = this.pause;
      try {
        await this.database.observe(() => this.findWork());
      } catch (error) {
        if (!passes(error)) this.report('fault', error);
      }
      await delay(pollMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  private async findWork(): Promise<void> {
    // In turns, so that neither due runs nor the queue starves while the other has more runs than fit
    const sources = [() => this.claimDue(), () => this.claimQueued()];
    this.isQueueFirst = !this.isQueueFirst;
    for (const claim of this.isQueueFirst ? sources.reverse() : sources)
      if (this.freePlaces() > 0) (await claim()).forEach((one) => this.begin(one));
    await this.reap();
  }

  private freePlaces(): number {
    return this.settings.concurrency - this.underWay.size;
  }

  private async claimDue(): Promise<readonly Claim[]> {
    const { repositories, name, perRepository, overlap, missed, missedAfterMs } = this.settings;
    const { claimed, skipped } = await repositories.dueFlows.claimDue({
      ...{ worker: name, limit: this.freePlaces(), perRepository },
      ...{ overlap, missed, missedAfterMs },
    });
    for (const run of skipped) this.report('skipped', run);
    return claimed;
  }

  private claimQueued(): Promise<readonly Claim[]> {
    const { repositories, name, perRepository } = this.settings;
    return repositories.dueFlows.claimQueued({ worker: name, limit: this.freePlaces(), perRepository });
  }

  private begin(claim: Claim): void {
    this.report('began', claim);
    const run = beginRun(claim, this.context);
    const ended = run.ended.then((end) => {
      this.underWay.delete(run);
      this.report('ended', claim, end);
      this.pause.abort();
    });
    this.underWay.set(run, ended);
    // The claim was under way when the worker stopped
    if (this.givingUp.signal.aborted) this.cancel(run);
  }

  private cancel(run: UnderWay): void {
    run.abort('The worker was stopped', 'cancelled');
  }

  /** Ends runs without a sign of life. Time in which the database could not be reached does not count. */
  private async reap(): Promise<void> {
    const { repositories, silenceMs, retry } = this.settings;
    const now = performance.now();
    if (this.database.answersForMs < silenceMs || now - this.reapedAt < silenceMs / 2) return;
    for (const id of await repositories.executions.reapStale({ silenceMs, retry })) this.report('reaped', id);
    this.reapedAt = now;
  }

  private async drain(): Promise<void> {
    const { stopMs, graceMs } = this.settings;
    this.report('stopping', this.underWay.size, stopMs);
    const ended = Promise.resolve(this.working).then(() => Promise.all(this.underWay.values()));
    await within(stopMs, ended);
    this.givingUp.abort();
    for (const run of this.underWay.keys()) this.cancel(run);
    await within(2 * graceMs, ended);
  }

  private report<Name extends keyof WorkerEvents>(name: Name, ...facts: WorkerEvents[Name]): void {
    const warn = (error: unknown): void =>
      process.emitWarning(`A listener of a worker's event ${name} threw: ${messageOf(error)}`);
    // Not emit: it does not call the listeners after one that throws
    for (const listener of (this as EventEmitter).rawListeners(name))
      (async () => listener.apply(this, facts) as unknown)().catch(warn);
  }
}

/**
 * Makes a worker; `start()` begins its work.
 *
 * @throws VALIDATION_FAILED, naming every option that is wrong
 */
export function createWorker(options: WorkerOptions): Worker {
  return new Worker(readWorkerOptions(options));
}
