/**
 * Shares one read between all callers for `forMs` milliseconds after its end. Callers that come during a read wait for its
 * result. A failed read is shared as long, so that a database in trouble is not read more often.
 */
export function shareRead<Value>(forMs: number, read: () => Promise<Value>) {
  let last: { readonly until: number; readonly value: Promise<Value> } | undefined;
  return {
    get(): Promise<Value> {
      if (last !== undefined && performance.now() < last.until) return last.value;
      const value = read();
      const begun = { until: Infinity, value };
      last = begun;
      const keep = (): void => {
        if (last === begun) last = { until: performance.now() + forMs, value };
      };
      value.then(keep, keep);
      return value;
    },
    /** Makes the next caller read again. */
    forget(): void {
      last = undefined;
    },
  };
}
