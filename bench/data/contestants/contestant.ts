import type { NewFlow } from '../../../src';

/** How far a run has come. */
export interface Done {
  readonly jobs: number;
  readonly bytes: number;
}

/**
 * The hot operations, done in one way of programming. They return just enough to see that all ways do the same.
 */
export interface Contestant {
  /** A flow with the names of what it refers to. @returns name, schedule, repository, policy, target */
  get(id: string): Promise<(string | null)[]>;
  /** The first page of all flows, newest first. @returns the names of their targets */
  list(limit: number): Promise<(string | null)[]>;
  /** The first page of a flow's runs, newest first. @returns their ids */
  history(flowId: string, limit: number): Promise<string[]>;
  /** The newest run of each flow; not measured where it is missing. @returns their ids, in ascending order */
  latest?(flowIds: readonly string[]): Promise<string[]>;
  /** @returns the id of the run that was begun */
  start(flowId: string): Promise<string>;
  progress(executionId: string, done: Done): Promise<void>;
  finish(executionId: string, done: Done): Promise<void>;
  setEnabled(flowId: string, enabled: boolean): Promise<void>;
  /** @returns the id of the new flow */
  create(flow: NewFlow): Promise<string>;
  /** @returns the id of the run */
  findRunningByJob(jobId: string): Promise<string | null>;
  /** Claims due flows. @returns their ids */
  claimDue(limit: number): Promise<string[]>;
  release(): Promise<void>;
}

/** The operations that `npm run bench:peers` measures beside other tools. */
export type Peer = Omit<Contestant, 'setEnabled' | 'findRunningByJob'>;

/** The export of a contestant's file: a function that connects. */
export interface PeerModule {
  readonly connect: (url: string, flavour: 'mariadb' | 'mysql') => Promise<Peer>;
}
