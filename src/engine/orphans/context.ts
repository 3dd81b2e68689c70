import type { Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';
import { inRowTransaction } from '../server/row-transaction';
import type { Server } from '../server/server';
import type { Words } from '../server/names';

/** What a migrate does about rows whose parent does not exist: refuse the key, clear the reference, or set the rows aside. */
export const orphanChoices = ['report', 'null', 'quarantine'] as const;

/** What a migrate does about orphans. */
export type OrphanChoice = (typeof orphanChoices)[number];

/** Whose tables are worked on. */
export interface Owner {
  /** How the names of its own tables begin: `shop_schema`. */
  readonly tablePrefix: string;
  /** Its tables, with all of their keys. */
  readonly declared: Schema;
  /** What its readers know it by. */
  readonly words: Words;
}

/** What work on live tables is given. */
export interface OrphanContext {
  readonly owner: Owner;
  readonly session: Queryable;
  readonly server: Server;
  /** How long to wait for a transaction of others, in milliseconds. Default: a minute. */
  readonly tableWaitMs?: number;
  /** Executes one statement that changes something, after asking whether to go on; never waits long for a table. */
  execute(sql: string): Promise<void>;
  /** Asks whether to go on, before each batch of a long change of rows. Throws INTERRUPTED. */
  goOn?(): Promise<void> | void;
  /** Told, in words, how far a long step has come. */
  onProgress?(text: string): void;
}

/**
 * Runs `work` in a transaction of its own, once it was asked whether to go on; and again where it lost against others.
 *
 * @param what what is done, for the error: `quarantine rows of shop_orders`
 * @throws ProtectionFlowsError TABLE_BUSY, INTERRUPTED; what `work` throws
 */
export const changeRows = <T>(context: OrphanContext, what: string, work: () => Promise<T>): Promise<T> =>
  inRowTransaction(
    context.session,
    { what, goOn: () => context.goOn?.(), patienceMs: context.tableWaitMs },
    work,
  );
