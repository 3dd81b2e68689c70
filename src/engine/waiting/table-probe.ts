import { errnoOf, quoteName } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { lockWaitTimeout } from './lock-wait';
import { namedTables } from './find-holders';

/** ER_STATEMENT_TIMEOUT: MariaDB's max_statement_time ended it. */
const statementTimeout = 1969;
/** ER_DBACCESS_DENIED_ERROR and ER_TABLEACCESS_DENIED_ERROR: the user has no privilege LOCK TABLES. */
const denied = [1044, 1142];
/** What says that the table is not free; or else that the probe was ended before it knew (1317, 1213). */
const held = [statementTimeout, lockWaitTimeout, 1317, 1213];

/** The table that a statement changes, quoted; null where it changes none that is there. Pure. */
function changedTable(sql: string): string | null {
  if (!/^\s*((ALTER|DROP|RENAME)\s+TABLE|(CREATE|DROP)\s+TRIGGER)\b/i.test(sql)) return null;
  const [table] = namedTables(sql);
  if (table === undefined) return null;
  return `${table.schema === null ? '' : `${quoteName(table.schema)}.`}${quoteName(table.name)}`;
}

/**
 * Waits in the place of DDL on a Galera node. There DDL waits for no lock's end: it aborts the transactions that use its
 * table, and under LOCK TABLES of another session it waits whatever lock_wait_timeout says, can't be killed (1095), and
 * holds up every write on the node, in all databases (measured on 26.4 with MariaDB 10.11). `LOCK TABLES … WRITE` is not
 * replicated, can be ended, and waits for both: on the table that is changed, and on those that its keys refer to.
 * A user without the privilege LOCK TABLES selects no row FOR UPDATE instead, which waits for LOCK TABLES on that table alone.
 *
 * What remains: a lock or transaction that begins between probe and DDL, a moment later; and those on other nodes.
 *
 * The lock is given back in the packet that asks for it, so a client that stops in between holds nothing. That takes a
 * connection beside the session, with several statements allowed.
 *
 * @see https://mariadb.com/kb/en/lock-tables/
 */
export class TableProbe {
  private connection: OwnConnection | null = null;
  private mayLock = true;

  constructor(private readonly open: () => OwnConnection) {}

  /**
   * Waits until the table that the statement changes is free, for so long at most, or until the signal is aborted.
   *
   * @returns the server's error where it is held; null where it is free, or nobody can tell
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
      // The statement says itself what is wrong with the table; where it is the connection, the next probe has another
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
