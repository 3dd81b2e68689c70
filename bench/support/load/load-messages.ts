/** What a process of the load does. */
export type Role = 'writer' | 'reader';

/** One statement as its client saw it, in the clock's milliseconds. */
export interface Sample {
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

export type LoadCommand = 'start' | 'stop';

export type LoadMessage =
  | { readonly is: 'ready' | 'settled' }
  | { readonly is: 'done'; readonly samples: readonly Sample[]; readonly errors: readonly string[] };
