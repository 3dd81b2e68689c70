/**
 * Reads at most once in so many milliseconds, however many ask; who asks while it is read waits for that. A read that failed
 * is kept as long: a database in need is not asked more often.
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
    /** The next one that asks has it read anew. */
    forget(): void {
      last = undefined;
    },
  };
}
