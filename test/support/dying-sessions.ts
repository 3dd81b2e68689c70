import type { OpenDatabase } from '../../src/engine';

/**
 * The database with sessions that note every statement, in order.
 *
 * @param dieAt a session is ended right before the statement that has this number; `Infinity`: none is
 */
export function noting(database: OpenDatabase, sent: string[], dieAt: number): OpenDatabase {
  return {
    ...database,
    openSession() {
      const session = database.openSession();
      return {
        ...session,
        query(sql: string, parameters?: unknown[]) {
          if (sent.push(sql) === dieAt) session.discard();
          return session.query(sql, parameters);
        },
      };
    },
  };
}
