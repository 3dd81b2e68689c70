import { randomUUID } from 'node:crypto';
import { isLostToAnother, ProtectionFlowsError } from '../../errors';
import { select, type Queryable } from '../../schema/queryable';
import type { OwnConnection } from '../open-connection';
import { translated } from '../translate-errors';
import { leaseName, leaseTable, readHolder } from './lease-table';
import type { Node } from './node';

/** How long a lease lasts that is not renewed, in milliseconds. */
export const defaultLeaseMs = 30_000;

/** So much of the lease, at its end, is not relied upon: the clocks of a cluster's nodes differ. */
const marginShare = 1 / 6;

/** What a lease is taken with. */
export interface LeaseOptions {
  /** The session that works under the lease. */
  readonly session: Queryable;
  readonly node: Node;
  /** Opens a connection besides, on which the lease is renewed while the session is busy. */
  open(): OwnConnection;
  /** Who takes it, for those that wait. */
  readonly holder: string;
  readonly leaseMs: number;
}

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

  constructor(private readonly options: LeaseOptions) {}

  /** True between {@link take} and {@link release}. */
  get isTaken(): boolean {
    return this.state !== 'free';
  }

  /**
   * Takes the lease where nobody has it, it has run out, or its holder was on this very server: whoever calls this holds
   * the server's own lock, so that one's session has ended.
   *
   * @returns false where another one has it
   * @throws the server's error, such as that there is no such table (1146)
   */
  async take(): Promise<boolean> {
    const { session, node, holder, leaseMs } = this.options;
    try {
      const answer = await session.query(
        `UPDATE ${leaseTable} SET owner = ?, fence = fence + 1, holder = ?, node = ?, connection_id = CONNECTION_ID(),
                taken_at = UTC_TIMESTAMP(3), expires_at = UTC_TIMESTAMP(3) + ${microseconds(leaseMs)}
          WHERE name = '${leaseName}' AND (owner IS NULL OR node = ? OR expires_at < UTC_TIMESTAMP(3))`,
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
   * Asks the server whether the lease is still held, and renews it where it is about to run out.
   *
   * @throws LOCK_LOST, naming who has it now; CONNECTION_LOST where the server can't be asked
   */
  async assertHeld(): Promise<void> {
    if (this.state === 'held' && !((await this.isFresh()) || (await this.renew()))) this.state = 'lost';
    if (this.state === 'lost') throw await this.lost();
  }

  /** Gives it back; of one that was lost, nothing is left to give. Never throws. */
  async release(): Promise<void> {
    clearTimeout(this.timer);
    const free = `UPDATE ${leaseTable} SET owner = NULL, holder = NULL, node = NULL, connection_id = NULL, expires_at = NULL
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
    this.connection?.close();
    this.connection = null;
  }

  private async isFresh(): Promise<boolean> {
    const margin = microseconds(this.options.leaseMs * marginShare);
    const rows = await this.ask((session) =>
      select(
        session,
        `SELECT 1 FROM ${leaseTable} WHERE name = '${leaseName}' AND owner = ? AND expires_at > UTC_TIMESTAMP(3) + ${margin}`,
        [this.owner],
      ),
    );
    return rows.length > 0;
  }

  /** True where it is still ours: nobody takes one that is, before it has run out. */
  private async renew(): Promise<boolean> {
    const answer = await this.ask((session) =>
      session.query(
        `UPDATE ${leaseTable} SET expires_at = UTC_TIMESTAMP(3) + ${microseconds(this.options.leaseMs)}
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
    }, this.options.leaseMs / 3).unref();
  }

  /** Asks on the connection besides; once more on a new one where that is broken, or lost against another write. */
  private async ask<Answer>(question: (session: Queryable) => Promise<Answer>): Promise<Answer> {
    try {
      return await question(await this.open());
    } catch {
      this.connection?.close();
      this.connection = null;
      try {
        return await question(await this.open());
      } catch (error) {
        throw translated(error);
      }
    }
  }

  private async open(): Promise<Queryable> {
    if (this.connection !== null) return this.connection;
    this.connection = this.options.open();
    // Behind a balancer it may be on a node that is behind
    if (this.options.node.isGalera) await this.connection.query('SET SESSION wsrep_sync_wait = 15');
    return this.connection;
  }

  private async lost(): Promise<ProtectionFlowsError> {
    const holder = await this.ask(readHolder).catch(() => null);
    const now = holder === null ? 'nobody has it now' : `${holder.holder} has had it since ${holder.since}`;
    return new ProtectionFlowsError('LOCK_LOST', {
      message: `this run was stopped for longer than its lock lasts (${this.options.leaseMs / 1000} s), and lost it; ${now}`,
      remedy:
        'See that nothing suspends the process or cuts its network, then run the command again: it goes on from what is there.',
      details: { lock: leaseTable, holder },
    });
  }
}
