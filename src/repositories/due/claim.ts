import type { ExecutionRow, FlowRow } from '../../entities';

/** A run that was claimed, and its flow as it was at that moment. */
export interface Claim {
  readonly execution: ExecutionRow;
  readonly flow: FlowRow;
  /** When the run was due; null for one that was asked for by hand or through the API. */
  readonly dueAt: Date | null;
}

/** Why a due flow was not run. Its next time is set all the same. */
export type SkipReason =
  'still-running' | 'missed' | 'no-schedule' | 'schedule-disabled' | 'schedule-invalid';

/** A due flow that was not run. */
export interface SkippedRun {
  readonly flowId: string;
  readonly reason: SkipReason;
  readonly dueAt: Date;
}

/** What a claim came to. */
export interface ClaimResult {
  /** To be run by the claimer, now. */
  readonly claimed: readonly Claim[];
  /** Put into the queue, as their flow still runs. */
  readonly queued: readonly Claim[];
  readonly skipped: readonly SkippedRun[];
}

/** How to claim. */
export interface ClaimOptions {
  /** Who claims: kept as the run's `triggered_by`, and in its metadata as `worker`. */
  readonly worker: string;
  /** 1 to 1,000 flows. Default: 20. */
  readonly limit?: number | undefined;
  /** What becomes of a flow that is due and still runs: passed over, or run once when it is free. Default: `skip`. */
  readonly overlap?: 'skip' | 'queue' | undefined;
  /** What becomes of a run whose time is long past, as nobody claimed: made up for once, or left out. Default: `run`. */
  readonly missed?: 'run' | 'skip' | undefined;
  /** How long past, in milliseconds. Default: 1 hour. */
  readonly missedAfterMs?: number | undefined;
  /** Default: the server's time. */
  readonly now?: Date | undefined;
}
