import { catalogRows } from '../server/catalog-rows';
import { type Queryable, marks, quoteName } from '../server/queryable';
import type { Schema } from '../schema/shape';
import { errnoOf } from './probe/answers';

/** A trigger on one of our tables. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  /** `BEFORE INSERT` and the like. */
  readonly when: string;
  /** Its SQL; null where this user may not see it. */
  readonly text: string | null;
}

/** The triggers on tables of a database, as far as this user may see them: the TRIGGER privilege decides. */
export function readTriggers(
  session: Queryable,
  database: string,
  tables: readonly string[],
): Promise<Trigger[]> {
  return catalogRows<Trigger>(
    session,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`, ACTION_STATEMENT AS text
       FROM information_schema.TRIGGERS
      WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE IN (${marks(tables)})
      ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME`,
    [database, ...tables],
  );
}

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
