import type { JobStatus, TerminalStatus } from '../../../src';

/** A run as a contestant reads it. */
export interface RunSeen {
  readonly id: string;
  readonly flow: string;
  readonly status: string;
  readonly jobs: readonly string[];
  readonly machines: number;
}

/** The counters of a flow. */
export interface FlowSeen {
  readonly total: number;
  readonly successful: number;
  readonly failed: number;
}

/** A run that a caller got, and the time it was due. */
export interface Given {
  readonly run: string;
  readonly flow: string;
  readonly dueAt: Date | null;
}

/** The result of settling a run by its jobs. */
export interface Settled {
  readonly status: string;
  /** True if this call ended the run. */
  readonly settled: boolean;
  /** How many machines the call counted as processed. */
  readonly machines: number;
}

/** The result of a claim of due flows. */
export interface DueGiven {
  readonly claimed: readonly Given[];
  readonly queued: readonly Given[];
  readonly skipped: readonly { readonly flow: string; readonly dueAt: Date }[];
}

/** A data layer under test, which does the same as this package's repositories. */
export interface Contestant {
  /** Applies the missing migrations; returns the names of those that this call applied. */
  migrate(): Promise<readonly string[]>;
  start(id: string, flow: string): Promise<void>;
  enqueue(id: string, flow: string): Promise<void>;
  /** Returns false if the run is over. `more`: further jobs follow. */
  recordJobs(run: string, jobs: readonly string[], more: boolean): Promise<boolean>;
  /** Records one job in each of several runs, in one transaction. */
  recordTogether(jobs: readonly (readonly [run: string, job: string])[]): Promise<readonly boolean[]>;
  progress(run: string, machines: number): Promise<boolean>;
  finish(run: string, status: Exclude<TerminalStatus, 'cancelled'>): Promise<boolean>;
  cancel(run: string): Promise<boolean>;
  settle(run: string, states: ReadonlyMap<string, JobStatus>): Promise<Settled>;
  claimDue(worker: string): Promise<DueGiven>;
  claimQueued(worker: string): Promise<readonly Given[]>;
  get(run: string): Promise<RunSeen>;
  /** Reads the newest run of each flow, all at the same instant. */
  latest(flows: readonly string[]): Promise<readonly RunSeen[]>;
  flow(id: string): Promise<FlowSeen>;
  /** True if the error proves that the call had no effect. */
  isRefusal(error: unknown): boolean;
  close(): Promise<void>;
}

/** How many due flows, or runs of the queue, are claimed at a time. */
export const claimLimit = 3;
