import { catalogRows, marks, type Queryable } from '../../server/queryable';

/** A trigger. */
export interface Trigger {
  readonly name: string;
  readonly table: string;
  /** `BEFORE INSERT` and the like. */
  readonly when: string;
  /** Its SQL; null where this user may not see it. */
  readonly text: string | null;
  /** The account that it works as, `user@host`; null where this user may not see it. */
  readonly definer: string | null;
}

/**
 * The triggers on tables of a database, as far as this user may see them: the TRIGGER privilege decides.
 *
 * @param tables those of all tables where it is left out
 */
export function readTriggers(
  session: Queryable,
  database: string,
  tables?: readonly string[],
): Promise<Trigger[]> {
  const ofTables = tables === undefined ? '' : `AND EVENT_OBJECT_TABLE IN (${marks(tables)})`;
  return catalogRows<Trigger>(
    session,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`,
            ACTION_STATEMENT AS text, DEFINER AS definer
       FROM information_schema.TRIGGERS
      WHERE EVENT_OBJECT_SCHEMA = ? ${ofTables}
      ORDER BY EVENT_OBJECT_TABLE, TRIGGER_NAME`,
    [database, ...(tables ?? [])],
  );
}
