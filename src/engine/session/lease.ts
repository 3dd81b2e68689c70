import { randomUUID } from 'node:crypto';
import { isLostToAnother, isProtectionFlowsError, ProtectionFlowsError, translated } from '../../errors';
import { select, type Queryable } from '../server/queryable';
import type { OwnConnection } from '../server/open-connection';
import { busy } from '../waiting/lock-wait';
import { leaseName, readLease, tableFault } from './lease-table';
import type { Node } from '../server/node';

/** How long a lease lasts that is not renewed, in milliseconds. */
export const defaultLeaseMs = 30_000;

/** The longest that a lease may last, in milliseconds: a row that says more was written by somebody else, and is void. */
const longestLeaseMs = 10 * 60_000;

/** How long the connection besides waits for the row, in seconds: whoever has locked it is not waited for here. */
const rowWaitSeconds = 1;

/** So much of the lease, at its end, is not relied upon: the clocks of a cluster's nodes differ. */
const marginShare = 1 / 6;

/** What a lease is taken with. */
interface LeaseOptions {
  /** The table of the lease. It exists from the first run on that changes something. */
  readonly table: string;
  /** The session that works under the lease. */
  readonly session: Queryable;
  readonly node: Node;
  /** Opens a connection besides, on which the lease is renewed while the session is busy. */
  open(): OwnConnection;
  /** Who takes it, for those that wait. */
  readonly holder: string;
  readonly leaseMs: number;
}

/** True where the server gives this user no further connection, or does not let it in any more. Pure. */
const isRefusedConnection = (error: unknown): boolean =>
  isProtectionFlowsError(error, 'CONNECTION_REFUSED') || isProtectionFlowsError(error, 'ACCESS_DENIED');

const affectedRows = (answer: unknown): number => (answer as { affectedRows: number }).affectedRows;
const microseconds = (ms: number): string => `INTERVAL ${Math.round(ms * 1000)} MICROSECOND`;

/**
 * The right to change the schema, as a committed row: so it holds on all nodes of a cluster, where a write of the same
 * row elsewhere fails at COMMIT. It runs out when its holder neither renews nor releases it, and every statement asks
 * first whether it is still held: a holder that was stopped for longer (a sleeping machine, a network that was cut) ends.
 */
export class Lease {
  private readonly owner = randomUUID();
  private connection: OwnConnection | null = null;
  private timer: NodeJS.Timeout | undefined;
  private state: 'free' | 'held' | 'lost' = 'free';
  /** False once the server gave no connection to ask on. */
  private isAsked = true;
  private readonly leaseMs: number;

  constructor(private readonly options: LeaseOptions) {
    this.leaseMs = Math.min(options.leaseMs, longestLeaseMs);
  }

  /** True between {@link take} and {@link release}. */
  get isTaken(): boolean {
    return this.state !== 'free';
  }

  /**
   * Takes the lease where nobody has it, it has run out, it would last longer than any can, or its holder was on this
   * very server: whoever calls this holds the server's own lock, so that one's session has ended.
   *
   * @returns false where another one has it
   * @throws the server's error, such as that there is no such table (1146)
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
      // Another one wrote the row, on this server or, as COMMIT shows, in the cluster: to be tried again
      if (isLostToAnother(error)) return false;
      throw error;
    }
    this.state = 'held';
    this.renewLater();
    return true;
  }

  /**
   * Asks the server whether the lease is still held, and renews it where it is about to run out. That takes a connection
   * besides. On a single server that gives none, it does without: there, the session itself holds the server's own lock.
   *
   * @throws LOCK_LOST, naming who has it now, or what became of its table; CONNECTION_REFUSED and ACCESS_DENIED in a
   * cluster that gives no connection to ask on; CONNECTION_LOST and CONNECTION_TIMEOUT where the server does not answer
   */
  async assertHeld(): Promise<void> {
    if (this.state === 'held' && !(await this.isHeld())) this.state = 'lost';
    if (this.state === 'lost') throw await this.lost();
  }

  /** Gives it back; of one that was lost, nothing is left to give. Never throws. */
  async release(): Promise<void> {
    clearTimeout(this.timer);
    const free = `UPDATE ${this.options.table} SET owner = NULL, holder = NULL, node = NULL, connection_id = NULL, expires_at = NULL
      WHERE name = '${leaseName}' AND owner = ?`;
    if (this.state === 'held') {
      this.state = 'free';
      await this.options.session
        .query(free, [this.owner])
        // The session may be what broke
        .catch(() => this.ask((session) => session.query(free, [this.owner])))
        .catch(() => undefined);
    }
    this.state = 'free';
    this.closeConnection();
  }

  private async isHeld(): Promise<boolean> {
    if (!this.isAsked) return true;
    try {
      return (await this.isFresh()) || (await this.renew());
    } catch (error) {
      if (tableFault(error) !== null) return false;
      if (this.options.node.isClustered || !isRefusedConnection(error)) throw error;
      this.isAsked = false;
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

  /** True where it is still ours: nobody takes one that is, before it has run out. */
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
        // What can't be renewed now is tried again, and before its next statement the session asks in any case
        .catch(() => true)
        .then((isOurs) => {
          if (this.state !== 'held') return;
          if (isOurs) this.renewLater();
          else this.state = 'lost';
        });
    }, this.leaseMs / 3).unref();
  }

  /**
   * Asks on the connection besides; once more on a new one where that is broken, or lost against another write. One that
   * failed is not kept: it would answer nothing any more.
   */
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
      // Behind a balancer it may be on a node that is behind
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
      (row) => ({ fault: row === null ? `the row of ${table} was deleted` : null, holder: row }),
      (error: unknown) => ({ fault: tableFault(error), holder: null }),
    );
    // A statement that was on its way may still arrive, and take away what another run has brought back
    const afterwards = node.isGalera ? ' Where it was a rollback, run verify after that.' : '';
    const now =
      holder === null || holder.owner === null
        ? 'nobody has it now'
        : `${holder.holder ?? 'somebody'} has had it since ${holder.since ?? 'an unknown time'}`;
    return new ProtectionFlowsError('LOCK_LOST', {
      message:
        fault === null
          ? `this run was stopped for longer than its lock lasts (${this.leaseMs / 1000} s), and lost it; ${now}`
          : `somebody took this run's lock away: ${fault}`,
      remedy:
        fault === null
          ? `See that nothing suspends the process or cuts its network, then run the command again: it goes on from what is there.${afterwards}`
          : `Leave ${table} alone while a migrate is under way, then run the command again: it goes on from what is there.`,
      details: { lock: table, holder: holder === null || holder.owner === null ? null : holder },
    });
  }
}
