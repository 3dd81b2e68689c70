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

/** A run that was given to whoever asked, and since when it was due. */
export interface Given {
  readonly run: string;
  readonly flow: string;
  readonly dueAt: Date | null;
}

/** What a look at the jobs of a run came to. */
export interface Settled {
  readonly status: string;
  /** True where this call ended the run. */
  readonly settled: boolean;
  /** How many machines it has counted as processed with that. */
  readonly machines: number;
}

/** What a claim of due flows came to. */
export interface DueGiven {
  readonly claimed: readonly Given[];
  readonly queued: readonly Given[];
  readonly skipped: readonly { readonly flow: string; readonly dueAt: Date }[];
}

/** A data layer under test: what this package's repositories do, by whatever means. */
export interface Contestant {
  /** Makes the schema what it has to be; answers what this call applied. */
  migrate(): Promise<readonly string[]>;
  start(id: string, flow: string): Promise<void>;
  enqueue(id: string, flow: string): Promise<void>;
  /** False where the run is over. `more`: further ones follow. */
  recordJobs(run: string, jobs: readonly string[], more: boolean): Promise<boolean>;
  /** A job into each of several runs, in one transaction. */
  recordTogether(jobs: readonly (readonly [run: string, job: string])[]): Promise<readonly boolean[]>;
  progress(run: string, machines: number): Promise<boolean>;
  finish(run: string, status: Exclude<TerminalStatus, 'cancelled'>): Promise<boolean>;
  cancel(run: string): Promise<boolean>;
  settle(run: string, states: ReadonlyMap<string, JobStatus>): Promise<Settled>;
  claimDue(worker: string): Promise<DueGiven>;
  claimQueued(worker: string): Promise<readonly Given[]>;
  get(run: string): Promise<RunSeen>;
  /** The newest run of each flow, all of one instant. */
  latest(flows: readonly string[]): Promise<readonly RunSeen[]>;
  flow(id: string): Promise<FlowSeen>;
  /** True where the error says that the call surely had no effect. */
  isRefusal(error: unknown): boolean;
  close(): Promise<void>;
}

/** How many due flows, or runs of the queue, are claimed at a time. */
export const claimLimit = 3;
