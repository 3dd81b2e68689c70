import { randomUUID } from 'node:crypto';
import { isLostToAnother, isProtectionFlowsError, ProtectionFlowsError, translated } from '../../errors';
import { affectedRows, select, type Queryable } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { busy } from '../waiting/lock-wait';
import { leaseName, readLease, tableFault } from './lease-table';
import type { Node } from '../server/node';

/** How long a lease lasts without renewal, in milliseconds. */
export const defaultLeaseMs = 30_000;

/** The longest possible lease, in milliseconds. A row that expires later was written by somebody else, and is void. */
const longestLeaseMs = 10 * 60_000;

/** How long the second connection waits for the row's lock, in seconds. */
const rowWaitSeconds = 1;

/** This last part of the lease does not count as held: the clocks of a cluster's nodes differ. */
const marginShare = 1 / 6;

/** What {@link Lease} needs. */
interface LeaseOptions {
  /** The table of the lease. The first run that changes something creates it. */
  readonly table: string;
  /** The session that works under the lease. */
  readonly session: Queryable;
  readonly node: Node;
  /** Opens a second connection, which renews the lease while the session is busy. */
  open(): OwnConnection;
  /** Names this run to the runs that wait. */
  readonly holder: string;
  readonly leaseMs: number;
}

/** True where the server gives this user no further connection, or no longer lets it in. Pure. */
const isRefusedConnection = (error: unknown): boolean =>
  isProtectionFlowsError(error, 'CONNECTION_REFUSED') || isProtectionFlowsError(error, 'ACCESS_DENIED');

const microseconds = (ms: number): string => `INTERVAL ${Math.round(ms * 1000)} MICROSECOND`;

/**
 * The right to change the schema, as a committed row. So it holds on all nodes of a cluster: a concurrent write of the row
 * on another node fails at COMMIT. A lease expires unless its holder renews it. The holder checks its lease before every
 * statement, so a holder that was suspended for longer than the lease (sleep, network loss) stops.
 */
export class Lease {
  private readonly owner = randomUUID();
  private connection: OwnConnection | null = null;
  private timer: NodeJS.Timeout | undefined;
  private state: 'free' | 'held' | 'lost' = 'free';
  /** False once the server has refused the second connection; then the lease is not checked. */
  private isChecked = true;
  private readonly leaseMs: number;

  constructor(private readonly options: LeaseOptions) {
    this.leaseMs = Math.min(options.leaseMs, longestLeaseMs);
  }

  /** True between {@link take} and {@link release}. */
  get isTaken(): boolean {
    return this.state !== 'free';
  }

  /**
   * Takes the lease where it is free, expired or void, or where its holder was on this server. The caller holds GET_LOCK of
   * this server, so the session of such a holder has ended.
   *
   * @returns false where another run holds the lease
   * @throws the server's error, such as 1146 where the table does not exist
   */
  async take(): Promise<boolean> {
    const { session, node, holder, table } = this.options;
    const now = 'UTC_TIMESTAMP(3)';
    try {
      const answer = await session.query(
        `UPDATE ${table} SET owner = ?, fence = fence + 1, holder = ?, node = ?, connection_id = CONNECTION_ID(),
                taken_at = ${now}, expires_at = ${now} + ${microseconds(this.leaseMs)}
          WHERE name = '${leaseName}' AND (owner IS NULL OR node = ?
                OR NOT COALESCE(expires_at BETWEEN ${now} AND ${now} + ${microseconds(longestLeaseMs)}, FALSE))`,
        [this.owner, holder.slice(0, 255), node.id, node.id],
      );
      if (affectedRows(answer) === 0) return false;
    } catch (error) {
      // Another run wrote the row at the same time: the caller retries
      if (isLostToAnother(error)) return false;
      throw error;
    }
    this.state = 'held';
    this.renewLater();
    return true;
  }

  /**
   * Checks on the second connection that the lease is still held, and renews a lease that is about to expire. A single
   * server may refuse the second connection: then nothing is checked, because the session itself holds GET_LOCK.
   *
   * @throws LOCK_LOST, naming the new holder or the table's fault; CONNECTION_REFUSED and ACCESS_DENIED where a cluster
   * refuses the second connection; CONNECTION_LOST and CONNECTION_TIMEOUT where the server does not answer
   */
  async assertHeld(): Promise<void> {
    if (this.state === 'held' && !(await this.isHeld())) this.state = 'lost';
    if (this.state === 'lost') throw await this.lost();
  }

  /** Releases the lease; a lost lease is left alone. Never throws. */
  async release(): Promise<void> {
    clearTimeout(this.timer);
    const free = `UPDATE ${this.options.table} SET owner = NULL, holder = NULL, node = NULL, connection_id = NULL, expires_at = NULL
      WHERE name = '${leaseName}' AND owner = ?`;
    if (this.state === 'held') {
      this.state = 'free';
      await this.options.session
        .query(free, [this.owner])
        // The session may be broken: try the second connection
        .catch(() => this.ask((session) => session.query(free, [this.owner])))
        .catch(() => undefined);
    }
    this.state = 'free';
    this.closeConnection();
  }

  private async isHeld(): Promise<boolean> {
    if (!this.isChecked) return true;
    try {
      return (await this.isFresh()) || (await this.renew());
    } catch (error) {
      if (tableFault(error) !== null) return false;
      if (this.options.node.isClustered || !isRefusedConnection(error)) throw error;
      this.isChecked = false;
      clearTimeout(this.timer);
      return true;
    }
  }

  private async isFresh(): Promise<boolean> {
    const margin = microseconds(this.leaseMs * marginShare);
    const rows = await this.ask((session) =>
      select(
        session,
        `SELECT 1 FROM ${this.options.table} WHERE name = '${leaseName}' AND owner = ? AND expires_at > UTC_TIMESTAMP(3) + ${margin}`,
        [this.owner],
      ),
    );
    return rows.length > 0;
  }

  /** Renews the lease; false where another run has taken it. */
  private async renew(): Promise<boolean> {
    const answer = await this.ask((session) =>
      session.query(
        `UPDATE ${this.options.table} SET expires_at = UTC_TIMESTAMP(3) + ${microseconds(this.leaseMs)}
          WHERE name = '${leaseName}' AND owner = ?`,
        [this.owner],
      ),
    );
    return affectedRows(answer) > 0;
  }

  private renewLater(): void {
    this.timer = setTimeout(() => {
      void this.renew()
        // A failed renewal is retried later; the session checks the lease before its next statement anyway
        .catch(() => true)
        .then((isOurs) => {
          if (this.state !== 'held') return;
          if (isOurs) this.renewLater();
          else this.state = 'lost';
        });
    }, this.leaseMs / 3).unref();
  }

  /** Runs `question` on the second connection; after any error, once more on a new connection. */
  private async ask<Answer>(question: (session: Queryable) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(await this.open());
    } catch {
      this.closeConnection();
      try {
        return await question(await this.open());
      } catch (error) {
        this.closeConnection();
        throw translated(busy(error));
      }
    }
  }

  private async open(): Promise<Queryable> {
    if (this.connection !== null) return this.connection;
    this.connection = this.options.open();
    const settings = [
      `SESSION lock_wait_timeout = ${rowWaitSeconds}, SESSION innodb_lock_wait_timeout = ${rowWaitSeconds}`,
      // Behind a load balancer, the connection may be on a node that lags
      ...(this.options.node.isGalera ? ['SESSION wsrep_sync_wait = 15'] : []),
    ];
    await this.connection.query(`SET ${settings.join(', ')}`);
    return this.connection;
  }

  private closeConnection(): void {
    this.connection?.close();
    this.connection = null;
  }

  private async lost(): Promise<ProtectionFlowsError> {
    const { table, node } = this.options;
    const { fault, holder } = await this.ask((session) => readLease(session, table)).then(
      (row) => ({
        fault: row === null ? `the row of ${table} was deleted` : null,
        holder: row?.owner === null ? null : row,
      }),
      (error: unknown) => ({ fault: tableFault(error), holder: null }),
    );
    // A statement that is still on its way may undo what another run has done since
    const afterwards = node.isGalera ? ' If it was a rollback, run verify after that.' : '';
    const now =
      holder === null
        ? 'nobody holds it now'
        : `${holder.holder ?? 'somebody'} has held it since ${holder.since ?? 'an unknown time'}`;
    return new ProtectionFlowsError('LOCK_LOST', {
      message:
        fault === null
          ? `this run was stopped for longer than its lock lasts (${this.leaseMs / 1000} s), and lost it; ${now}`
          : `somebody took this run's lock away: ${fault}`,
      remedy:
        fault === null
          ? `Make sure that nothing suspends the process or cuts its network, then run the command again: it does what is left.${afterwards}`
          : `Leave ${table} alone while a migrate is running, then run the command again: it does what is left.`,
      details: { lock: table, holder },
    });
  }
}
