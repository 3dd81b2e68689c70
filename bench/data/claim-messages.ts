/** How a worker is to claim. */
export interface ClaimOrder {
  /** At most so many flows at once. */
  readonly limit: number;
}

export type ClaimMessage =
  | { readonly is: 'ready' }
  | { readonly is: 'done'; readonly flowIds: readonly string[]; readonly from: number; readonly to: number };
