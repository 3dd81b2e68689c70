import type { Settings } from './contestants/package';

/** The instructions for a process of a round. */
export interface PlayerPlan {
  readonly contestant: 'package' | 'naive';
  readonly settings: Settings;
  /** Its name, unique among the processes of the round. */
  readonly name: string;
  readonly seed: number;
  readonly recording: string;
  readonly clients: number;
  readonly flows: readonly string[];
}

/** The relative frequency of each call. */
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
