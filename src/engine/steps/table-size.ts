import { catalogRows } from '../server/catalog-rows';
import { quoteName, select, type Queryable } from '../server/queryable';

/** How large a table is. */
export interface TableSize {
  /** Its rows: counted up to a limit, else the server's estimate. */
  readonly rows: number;
  /** Data and indexes, as the server estimates them. */
  readonly bytes: number;
}

/** Nobody needs more rows counted one by one. */
const mostCounted = 1_000_000;

/** Counts a table's rows up to one more than the limit; beyond, and for the bytes, it asks the catalog. */
export async function readTableSize(
  session: Queryable,
  table: string,
  limitRows: number,
): Promise<TableSize> {
  const limit = Math.min(limitRows, mostCounted);
  const [counted] = await select<{ n: number | string }>(
    session,
    `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${quoteName(table)} LIMIT ${limit + 1}) some`,
  );
  const [estimated] = await catalogRows<{ n: number | string | null; bytes: number | string | null }>(
    session,
    `SELECT TABLE_ROWS AS n, DATA_LENGTH + INDEX_LENGTH AS bytes
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [table],
  );
  const rows = Number(counted?.n ?? 0);
  return {
    rows: rows > limit ? Math.max(rows, Number(estimated?.n ?? 0)) : rows,
    bytes: Number(estimated?.bytes ?? 0),
  };
}

/** A size in words: `about 1,200,000 rows, 340 MB`. */
export function describeSize({ rows, bytes }: TableSize): string {
  const count = new Intl.NumberFormat('en').format(rows);
  const size =
    bytes < 1_000_000
      ? `${Math.ceil(bytes / 1000)} kB`
      : `${new Intl.NumberFormat('en').format(Math.round(bytes / 1_000_000))} MB`;
  return `${count} row${rows === 1 ? '' : 's'}, ${size}`;
}
