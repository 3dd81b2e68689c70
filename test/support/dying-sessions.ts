import type { OpenDatabase } from '../../src/engine';

/**
 * Wraps the database so that its sessions add every statement to `sent`, in order.
 *
 * @param dieAt the session is closed right before the statement with this number; `Infinity`: never
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
