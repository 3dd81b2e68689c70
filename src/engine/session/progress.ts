/** Told before each thing a migrate or rollback does; for progress displays. Must not throw. */
export type ProgressListener = (event: ProgressEvent) => void;

/** A step about to run. */
export interface ProgressEvent {
  /** The migration under way, or null for preflight, the lock and the pass that adds absent keys. */
  readonly migration: string | null;
  /** What is being done, in words: `create table shop_orders`. */
  readonly step: string;
}
