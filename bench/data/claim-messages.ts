/** How a worker has to claim. */
export interface ClaimOrder {
  /** The largest number of flows at once. */
  readonly limit: number;
}

export type ClaimMessage =
  | { readonly is: 'ready' }
  | { readonly is: 'done'; readonly flowIds: readonly string[]; readonly from: number; readonly to: number };
