import { errnoOf, quoteName } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { lockWaitTimeout } from './lock-wait';
import { namedTables } from './find-holders';

/** ER_STATEMENT_TIMEOUT: MariaDB's max_statement_time ended it. */
const statementTimeout = 1969;
/** ER_DBACCESS_DENIED_ERROR and ER_TABLEACCESS_DENIED_ERROR: the user has no privilege LOCK TABLES. */
const denied = [1044, 1142];
/** Errors that mean: the table is not free, or the probe was ended before it could tell (1317, 1213). */
const held = [statementTimeout, lockWaitTimeout, 1317, 1213];

/** The existing table that a statement changes, quoted; null where it changes none. Pure. */
function changedTable(sql: string): string | null {
  if (!/^\s*((ALTER|DROP|RENAME)\s+TABLE|(CREATE|DROP)\s+TRIGGER)\b/i.test(sql)) return null;
  const [table] = namedTables(sql);
  if (table === undefined) return null;
  return `${table.schema === null ? '' : `${quoteName(table.schema)}.`}${quoteName(table.name)}`;
}

/**
 * Waits for a table before DDL is sent, on a Galera node. There DDL itself does not wait: it aborts the transactions that
 * use its table. While another session holds the table by LOCK TABLES, the DDL ignores lock_wait_timeout, can't be killed
 * (1095), and blocks every write on the node, in all databases (measured on 26.4 with MariaDB 10.11).
 *
 * The probe sends `LOCK TABLES … WRITE` instead. It is not replicated, can be ended, and waits for transactions and for
 * LOCK TABLES, on the changed table and on the parents of its keys. A user without the privilege LOCK TABLES sends
 * `SELECT … LIMIT 0 FOR UPDATE`, which waits only for LOCK TABLES on the changed table.
 *
 * Not covered: a lock or transaction that begins between probe and DDL, or on another node.
 *
 * One packet locks and unlocks, so a client that dies meanwhile leaves no lock. This needs a second connection that allows
 * several statements in one query.
 *
 * @see https://mariadb.com/kb/en/lock-tables/
 */
export class TableProbe {
  private connection: OwnConnection | null = null;
  private mayLock = true;

  constructor(private readonly open: () => OwnConnection) {}

  /**
   * Waits until the table that the statement changes is free: for `ms` milliseconds at most, or until the signal is aborted.
   *
   * @returns the server's error where the table is held; null where it is free, or the probe can't tell
   */
  async wait(sql: string, ms: number, signal?: AbortSignal): Promise<unknown> {
    const table = changedTable(sql);
    if (table === null) return null;
    const close = (): void => this.close();
    signal?.addEventListener('abort', close);
    try {
      await this.ask(table, `SET SESSION max_statement_time = ${ms / 1000}`);
      return null;
    } catch (error) {
      if (held.includes(errnoOf(error) ?? 0)) return error;
      // A fault of the table shows in the statement itself; after a fault of the connection, the next probe opens another
      this.close();
      return null;
    } finally {
      signal?.removeEventListener('abort', close);
    }
  }

  private async ask(table: string, limit: string): Promise<void> {
    this.connection ??= this.open();
    if (this.mayLock) {
      try {
        await this.connection.query(`${limit}; LOCK TABLES ${table} WRITE; UNLOCK TABLES`);
        return;
      } catch (error) {
        if (!denied.includes(errnoOf(error) ?? 0)) throw error;
        this.mayLock = false;
      }
    }
    await this.connection.query(`${limit}; SELECT 1 FROM ${table} LIMIT 0 FOR UPDATE`);
  }

  /** Closes its connection. */
  close(): void {
    this.connection?.close();
    this.connection = null;
  }
}
