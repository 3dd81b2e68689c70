/** The ways of adding the key; `copy` is pt-online-schema-change, which is measured where it is installed. */
export type DdlName = 'ours' | 'plain' | 'floor' | 'copy';

/** From when to when a contestant ran, in the clock's milliseconds. */
export interface Run {
  readonly from: number;
  readonly to: number;
  /** What ours says it spent on the key itself, scans included. */
  readonly keyMs?: number;
}

export type ContestantMessage = { readonly is: 'ready' } | { readonly is: 'done'; readonly run: Run };
