/**
 * The server has undone the transaction, or the statement, for the sake of another one; the same again will do.
 * - 1213: deadlock; on a Galera cluster also a certification that was lost, at COMMIT too
 * - 1205: a lock was not had in time
 * - 1020: MariaDB from 11.6, innodb_snapshot_isolation: the row was changed since the snapshot
 * - 3101: MySQL Group Replication: a certification that was lost
 *
 * @see https://mariadb.com/kb/en/innodb-transaction-isolation-levels/
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html
 */
const errnos = new Set([1213, 1205, 1020, 3101]);

/** True for the driver's error of a statement, or a transaction, that lost against another one. Never throws. */
export function isLostToAnother(error: unknown): boolean {
  try {
    const { errno } = (error ?? {}) as { errno?: unknown };
    return typeof errno === 'number' && errnos.has(errno);
  } catch {
    // Whatever was thrown throws itself when it is looked at: no driver's error does
    return false;
  }
}
