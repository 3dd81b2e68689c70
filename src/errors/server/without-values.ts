/** Where drivers keep a statement's values: mysql2 in `sql`, TypeORM in `parameters`, and in the error below. */
interface WithValues {
  sql?: unknown;
  query?: unknown;
  parameters?: unknown;
  driverError?: unknown;
  cause?: unknown;
}

/**
 * Takes the values of a statement out of the error that it failed with, and out of those below: they may be secrets, or
 * megabytes, and whoever prints the error would print them. The statement stays as it was written, with its marks.
 *
 * @param statement with marks, where the error itself does not have it
 * @returns the same error
 */
export function withoutValues<Thrown>(thrown: Thrown, statement?: string): Thrown {
  const seen = new Set<unknown>();
  const clean = (error: unknown): void => {
    if (typeof error !== 'object' || error === null || seen.has(error)) return;
    seen.add(error);
    const one = error as WithValues;
    const written = typeof one.query === 'string' ? one.query : statement;
    if (typeof one.sql === 'string') one.sql = written;
    if (Array.isArray(one.parameters)) one.parameters = undefined;
    if (typeof one.driverError === 'object') withoutValues(one.driverError, written);
    clean(one.cause);
  };
  clean(thrown);
  return thrown;
}
