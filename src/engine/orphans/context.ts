import type { Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';
import { inRowTransaction } from '../server/row-transaction';
import type { Server } from '../server/server';
import type { Words } from '../server/names';

/** What a migrate can do about orphans: refuse the key, set the reference to NULL, or move the rows to quarantine. */
export const orphanChoices = ['report', 'null', 'quarantine'] as const;

/** What a migrate does about orphans: refuses the key, sets the reference to NULL, or moves the rows to quarantine. */
export type OrphanChoice = (typeof orphanChoices)[number];

/** The package that owns the tables. */
export interface Owner {
  /** How the names of its own tables begin: `shop_schema`. */
  readonly tablePrefix: string;
  /** Its tables, with all of their keys. */
  readonly declared: Schema;
  /** Its names in messages. */
  readonly words: Words;
}

/** What work on live tables needs. */
export interface OrphanContext {
  readonly owner: Owner;
  readonly session: Queryable;
  readonly server: Server;
  /** How long to wait for other transactions, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
  /** Executes one changing statement, unless the run has to stop; never waits long for a table. */
  execute(sql: string): Promise<void>;
  /** Called before each batch of a long change of rows. Throws INTERRUPTED where the run has to stop. */
  goOn?(): Promise<void> | void;
  /** Called with the progress of a long step, in words. */
  onProgress?(text: string): void;
}

/**
 * Runs `work` in its own transaction, unless the run has to stop; retries it after lost locks.
 *
 * @param what what `work` does, for the error: `quarantine rows of shop_orders`
 * @throws ProtectionFlowsError TABLE_BUSY, INTERRUPTED; what `work` throws
 */
export const changeRows = <T>(context: OrphanContext, what: string, work: () => Promise<T>): Promise<T> =>
  inRowTransaction(
    context.session,
    { what, goOn: () => context.goOn?.(), patienceMs: context.tableWaitMs },
    work,
  );
