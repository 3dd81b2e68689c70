import { quoteName, select, type Queryable } from '../../src/engine/server/queryable';

/** Returns the server's CREATE TABLE statement of each table of a database, by name. */
export async function readCreation(session: Queryable, database: string): Promise<Map<string, string>> {
  const creation = new Map<string, string>();
  for (const row of await select(session, `SHOW TABLES FROM ${quoteName(database)}`)) {
    const name = String(Object.values(row)[0]);
    const [made] = await select(session, `SHOW CREATE TABLE ${quoteName(database)}.${quoteName(name)}`);
    creation.set(name, String(made?.['Create Table']));
  }
  return creation;
}
