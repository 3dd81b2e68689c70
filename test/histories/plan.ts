import type { Settings } from './contestants/package';

/** What the processes of a round are told. */
export interface PlayerPlan {
  readonly contestant: 'package' | 'naive';
  readonly settings: Settings;
  /** Its name, unlike that of any other process of the round. */
  readonly name: string;
  readonly seed: number;
  readonly recording: string;
  readonly clients: number;
  readonly flows: readonly string[];
}

/** How often each call is made. */
export const weights = {
  get: 24,
  latest: 9,
  flow: 7,
  recordJobs: 20,
  recordTogether: 6,
  progress: 9,
  start: 5,
  enqueue: 4,
  claimQueued: 4,
  claimDue: 4,
  finish: 3,
  cancel: 1.5,
  settle: 3,
  migrate: 0.1,
} as const;

/** The names of the calls. */
export type Call = keyof typeof weights;
