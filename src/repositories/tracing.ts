import { channelNamed, traced } from '../tracing';
import type { Claim, ClaimResult } from './due/claim-due';

const calls = channelNamed('call');
const claims = channelNamed('claim');
const within = Symbol('within a call');

/** Makes the methods of a repository publish their calls; not those that they make to each other. */
export function traceCalls(repository: string, { prototype }: { readonly prototype: object }): void {
  for (const [method, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const call = property.value as (this: object, ...given: unknown[]) => Promise<unknown>;
    const value = function (this: object, ...given: unknown[]): Promise<unknown> {
      if (!calls.hasSubscribers || within in this) return call.apply(this, given);
      const id = typeof given[0] === 'string' && method !== 'findByName' ? given[0].slice(0, 64) : null;
      // An object of a class that extends ours stays itself: its methods may need its identity
      const isOurs = Object.getPrototypeOf(this) === prototype;
      const self = isOurs ? (Object.create(this, { [within]: { value: true } }) as object) : this;
      return traced(calls, { repository, method, id }, () => call.apply(self, given));
    };
    if (method !== 'constructor') Object.defineProperty(prototype, method, { ...property, value });
  }
}

/** Claims, and publishes the result. */
export function traceClaim<Result extends ClaimResult | readonly Claim[]>(
  context: { readonly from: 'due' | 'queue'; readonly limit: number },
  claim: () => Promise<Result>,
): Promise<Result> {
  const ids = (runs: readonly Claim[]): string[] => runs.map(({ execution }) => execution.id);
  return traced(claims, context, claim, (result) => {
    const { claimed, queued, skipped } =
      'claimed' in result ? result : { claimed: result, queued: [], skipped: [] };
    return { claimed: ids(claimed), queued: ids(queued), skipped };
  });
}
