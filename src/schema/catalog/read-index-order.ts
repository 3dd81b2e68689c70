import { quoteName, type Queryable } from '../queryable';
import type { Index } from '../shape';
import { catalogRows } from './catalog-rows';

/** True where two indexes begin with the same column: then their order decides which one serves a foreign key. */
function isOrderNeeded(indexes: readonly Index[]): boolean {
  const leading = indexes.map((index) => index.columns[0]?.name);
  return new Set(leading).size < leading.length;
}

/** A table's indexes in the order in which MySQL considers them; information_schema does not tell it, SHOW INDEX does. */
export async function inServerOrder(
  session: Queryable,
  table: string,
  indexes: readonly Index[],
): Promise<readonly Index[]> {
  if (!isOrderNeeded(indexes)) return indexes;
  const rows = await catalogRows<{ Key_name: string }>(session, `SHOW INDEX FROM ${quoteName(table)}`);
  const order = rows.map((row) => row.Key_name);
  return [...indexes].sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
}
