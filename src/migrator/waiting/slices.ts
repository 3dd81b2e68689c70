/** How a statement that waits for a table takes turns with the application; all in milliseconds. */
export interface Slices {
  /** How long the first attempt may wait; each further one twice as long. */
  readonly firstMs: number;
  /** How long any attempt may wait. */
  readonly longestMs: number;
  /** How long an attempt may wait that had to work for as long: less would throw much work away for little. */
  readonly afterWorkMs: number;
  /** From when on a statement is watched: most are done by then. */
  readonly watchAfterMs: number;
}

/** What every command uses; only tests take others. */
export const defaultSlices: Slices = { firstMs: 50, longestMs: 1000, afterWorkMs: 2000, watchAfterMs: 40 };

/** The application is let through for so many times as long as it was held up. */
const pauseFactor = 4;

/**
 * How long an attempt may wait, in milliseconds.
 *
 * @param attempt how many attempts found the table held before this one
 * @param workedMs how long this attempt worked before it began to wait
 */
export function sliceMs(slices: Slices, attempt: number, workedMs: number): number {
  const turn = Math.min(slices.firstMs * 2 ** attempt, slices.longestMs);
  return Math.max(turn, Math.min(workedMs, slices.afterWorkMs));
}

/** The pause after an attempt that gave up at once: this at first, each further time twice as long, in milliseconds. */
const shortestPauseMs = 10;
const longestShortPauseMs = 200;

/**
 * How long the application is let through after an attempt that waited so long, in milliseconds.
 *
 * @param attempt how many attempts found the table held before this one
 */
export function pauseMs(slices: Slices, attempt: number, waitedMs: number): number {
  // What is longer was a wait for rows, which holds up nobody else, or work that nobody watched
  const turn = Math.min(waitedMs, slices.afterWorkMs) * pauseFactor;
  return Math.max(turn, Math.min(shortestPauseMs * 2 ** attempt, longestShortPauseMs));
}

/** From which attempt on MariaDB may wait for InnoDB's locks: trying again found no moment without a writer. */
export const patientAttempt = 30;
