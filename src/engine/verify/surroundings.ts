import { catalogRows } from '../server/catalog-rows';
import { type Queryable, errnoOf, marks, quoteName } from '../server/queryable';
import type { Schema } from '../schema/shape';

/** The tables that a temporary table of this session hides: the catalog shows the true ones, every statement reads the others. */
export async function findHidden(session: Queryable, tables: readonly string[]): Promise<string[]> {
  const hidden: string[] = [];
  for (const table of tables) {
    const [row] = await catalogRows(session, `SHOW CREATE TABLE ${quoteName(table)}`).catch(
      (error: unknown) => {
        // Locked, or not for this user to see: the checks that read the rows will say so
        if (errnoOf(error) === null) throw error;
        return [];
      },
    );
    if (/^CREATE TEMPORARY /i.test(String(row?.['Create Table'] ?? ''))) hidden.push(table);
  }
  return hidden;
}

/** For each view that has the name of one of the tables, the base table of this database that it shows. */
export async function findBehindViews(
  session: Queryable,
  live: Schema,
  tables: readonly string[],
): Promise<Map<string, string>> {
  const views = tables.filter((name) => live.get(name)?.engine === 'VIEW');
  if (views.length === 0) return new Map();
  const rows = await catalogRows<{ view: string; definition: string; current: string }>(
    session,
    `SELECT TABLE_NAME AS view, VIEW_DEFINITION AS definition, DATABASE() AS current
       FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${marks(views)})`,
    views,
  );
  return new Map(
    rows.flatMap(({ view, definition, current }): [string, string][] => {
      const [, database, table] = /\bfrom `([^`]+)`\.`([^`]+)`\s*$/i.exec(definition) ?? [];
      return table !== undefined && database === current ? [[view, table]] : [];
    }),
  );
}
