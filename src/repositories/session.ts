import { type DataSource, type EntityManager } from 'typeorm';
import { withoutValues, type ProtectionFlowsError } from '../errors';
import { translated } from '../validation/server-errors';
import { assertInitialized, readManager, checkSession } from './session-check';
import { giveUpTransaction, isRetryable, retried, transactionAborted } from './lost-transactions';
import { columnPending } from './not-found';

/** `REPEATABLE READ` is both servers' default. `READ COMMITTED` takes no gap locks, so claims do not block each other. */
type Isolation = 'READ COMMITTED' | 'REPEATABLE READ';

/** ER_BINLOG_STMT_MODE_AND_ROW_ENGINE: with binlog_format=STATEMENT the server refuses writes under READ COMMITTED. */
const notForStatements = 1665;

/** DataSources whose server gave that error: from then on their transactions are REPEATABLE READ. */
const writtenAsStatements = new WeakSet<DataSource>();

/**
 * Executes the statements of a repository on one EntityManager. If that belongs to a caller's transaction, all statements
 * join it and none is repeated: after a deadlock or a lock timeout, the whole transaction is given up, with the caller's own
 * statements. Otherwise each statement and each {@link transaction} is repeated after a deadlock or lock timeout.
 */
export class Session {
  /** @param readsAfterLocks true in our own transactions: each SELECT sees the rows at least as new as at the time of its locks */
  constructor(
    readonly manager: EntityManager,
    private readonly readsAfterLocks = false,
  ) {
    readManager({ manager });
  }

  /** True inside a transaction that the caller has opened. */
  get isJoined(): boolean {
    return this.manager.queryRunner?.isTransactionActive === true;
  }

  /**
   * The clause with which a SELECT reads the current rows. A caller's transaction may have a snapshot older than its locks, so
   * it needs a locking read. Our own transactions read after their locks, unless the server refused READ COMMITTED.
   */
  get currentRead(): '' | 'LOCK IN SHARE MODE' {
    return this.isJoined && !this.readsAfterLocks ? 'LOCK IN SHARE MODE' : '';
  }

  /** True for MariaDB, by TypeORM's driver type: the guarded DataSource sets it to the detected server. */
  get isMariaDb(): boolean {
    return this.manager.connection.options.type === 'mariadb';
  }

  /**
   * Executes a SELECT. The caller, who wrote the SELECT, declares the type of its rows.
   *
   * @throws ProtectionFlowsError for errors that `fromServerError` knows; MIGRATION_PENDING for a missing column of ours;
   * TRANSACTION_ABORTED for a deadlock or lock timeout inside a transaction
   */
  select<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.repeated(() => this.query<Row[]>(sql, parameters));
  }

  /** Reads the server's time, in whole seconds. */
  async now(): Promise<Date> {
    const [row] = await this.select<{ now: Date }>('SELECT CURRENT_TIMESTAMP AS now');
    return row!.now;
  }

  /** Executes a write, and returns the number of matched rows (mysql2 sets CLIENT_FOUND_ROWS). */
  write(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    const once = (): Promise<{ affectedRows: number }> => this.query(sql, parameters);
    return this.repeated(once).then(({ affectedRows }) => affectedRows);
  }

  /**
   * Runs `work` in the caller's transaction if there is one. Otherwise runs it in a transaction of its own, and repeats that
   * after a deadlock, a lock timeout, or a commit that a cluster did not certify. If the server's binary log refuses READ
   * COMMITTED, uses REPEATABLE READ.
   *
   * @throws TRANSACTION_ABORTED if that happens inside a caller's transaction, or too often
   */
  transaction<Result>(work: (session: Session) => Promise<Result>, isolation?: Isolation): Promise<Result> {
    if (this.isJoined) return work(this);
    const { connection } = this.manager;
    const once = async (): Promise<Result> => {
      const isReplaced = isolation === 'READ COMMITTED' && writtenAsStatements.has(connection);
      const body = (manager: EntityManager): Promise<Result> => work(new Session(manager, !isReplaced));
      try {
        return await (isolation === undefined
          ? this.manager.transaction(body)
          : this.manager.transaction(isReplaced ? 'REPEATABLE READ' : isolation, body));
      } catch (error) {
        const { errno } = (error ?? {}) as { errno?: number };
        if (!isReplaced && isolation === 'READ COMMITTED' && errno === notForStatements) {
          writtenAsStatements.add(connection);
          return once();
        }
        assertInitialized({ dataSource: connection });
        // Also translates errors of START TRANSACTION and COMMIT, which TypeORM executes
        throw translated(error);
      }
    };
    return retried(once);
  }

  /**
   * Ends a transaction whose work is lost. A transaction of ours is then repeated.
   *
   * @throws the fault, always
   */
  async giveUp(fault: ProtectionFlowsError, errno?: number): Promise<never> {
    // The error makes TypeORM roll back our own transaction
    if (!this.readsAfterLocks) await giveUpTransaction(this.manager.queryRunner!, fault, errno);
    throw fault;
  }

  /** Repeats a statement after a retryable error, but not inside a transaction. */
  private repeated<Answer>(once: () => Promise<Answer>): Promise<Answer> {
    return this.isJoined ? once() : retried(once);
  }

  private async query<Answer>(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    try {
      const check = checkSession(this.manager);
      if (check !== null) await check;
      return (await this.manager.query(sql, parameters as unknown[])) as Answer;
    } catch (error) {
      assertInitialized({ dataSource: this.manager.connection });
      if (this.isJoined && isRetryable(error))
        return this.giveUp(transactionAborted(withoutValues(error)), (error as { errno?: number }).errno);
      throw (await columnPending(this.manager, error)) ?? translated(error);
    }
  }
}

/** The base class of all repositories. */
export abstract class Repository {
  protected readonly session: Session;

  /** @param manager a DataSource's `manager`, or that of a transaction, which all calls then join */
  constructor(manager: EntityManager) {
    this.session = new Session(manager);
  }

  /** The same repository within a caller's transaction. */
  withManager(manager: EntityManager): this {
    return new (this.constructor as new (manager: EntityManager) => this)(manager);
  }
}
