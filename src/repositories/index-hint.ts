import type { Session } from './session';

/** errno of a FORCE INDEX whose index is not there: dropped by hand, or not migrated yet. */
const indexMissing = 1176;

/**
 * Runs a SELECT with the index that its order wants: left alone, the optimizers take another one here and there, and
 * sort. Where that index is not there the hint is left out: slower is better than not at all.
 *
 * @param index null: the server chooses
 * @param sqlWith the statement with the hint where it belongs, behind the table's alias
 */
export async function withIndex<Row extends object>(
  session: Session,
  index: string | null,
  sqlWith: (hint: string) => string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  if (index === null) return session.select<Row>(sqlWith(''), parameters);
  try {
    return await session.select<Row>(sqlWith(`FORCE INDEX (${index})`), parameters);
  } catch (error) {
    if ((error as { errno?: number }).errno !== indexMissing) throw error;
    return session.select<Row>(sqlWith(''), parameters);
  }
}
