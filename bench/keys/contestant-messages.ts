/** The ways to add the key; `copy` is pt-online-schema-change, measured if it is installed. */
export type DdlName = 'ours' | 'plain' | 'floor' | 'copy';

/** When a contestant began and ended, in the clock's milliseconds. */
export interface Run {
  readonly from: number;
  readonly to: number;
  /** The time that this package reports for the key, including scans. */
  readonly keyMs?: number;
}

export type ContestantMessage = { readonly is: 'ready' } | { readonly is: 'done'; readonly run: Run };
