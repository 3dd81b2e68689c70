import { quoteName } from '../../../src/engine/server/queryable';
import { connectionUrl } from '../../../src/testing/connection-url';
import type { TestDatabase } from '../../support/database';

/** The database as another user sees it, and a function that drops the user. */
export interface UserOf {
  readonly database: TestDatabase;
  /** As GRANT takes it. */
  readonly user: string;
  drop(): Promise<void>;
}

/** Creates a user with those grants; `DB` in them stands for the database's name in backticks. */
export async function createUser(
  database: TestDatabase,
  grants: readonly string[],
  name = `u_${database.name.slice(-12)}`,
): Promise<UserOf> {
  const user = `'${name.replaceAll("'", "''")}'@'%'`;
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  await query(`CREATE USER ${user} IDENTIFIED BY 'only for tests'`);
  for (const grant of grants)
    await query(`GRANT ${grant.replaceAll('DB', quoteName(database.name))} TO ${user}`);
  const { host, port } = database.settings;
  const url = connectionUrl({ host, port, username: name, password: 'only for tests' }, database.name);
  return {
    database: Object.create(database, { url: { value: url } }) as TestDatabase,
    user,
    drop: async () => {
      await query(`DROP USER ${user}`);
    },
  };
}
