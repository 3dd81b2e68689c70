import type { Queryable } from '../queryable';
import { catalogRows } from './catalog-rows';

/** True where the session's database has that table, or view, and its user may see it. */
export async function tableExists(session: Queryable, name: string): Promise<boolean> {
  const rows = await catalogRows(
    session,
    'SELECT 1 AS found FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [name],
  );
  return rows.length > 0;
}
