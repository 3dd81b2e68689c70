import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { aroundStatements, type Around } from '../../support/around-statements';

const reads = /^[\s(]*(SELECT|SHOW|EXPLAIN|DESCRIBE|WITH)\b/i;
const locks = /\b(GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS)\s*\(|\bFOR UPDATE\b|\bLOCK IN SHARE MODE\b/i;
/** The statement after an attempt that was ended with KILL QUERY. It changes nothing. */
const afterRetry = 'DO 0';
const ofSession = /^\s*(SET|DO|SELECT|START|BEGIN|ROLLBACK|KILL|USE)\b/i;

/**
 * True for a statement that can change anything: rows, tables, settings of the session, locks. It excludes reads, instead of
 * listing verbs, so that it includes any new kind of statement.
 */
export const canChange = (sql: string): boolean =>
  (!reads.test(sql) || locks.test(sql)) && sql !== afterRetry;

/** True for a statement that takes, renews or releases the lock against other runs. */
export const concernsLock = (sql: string): boolean => locks.test(sql) || /\bsendense_flow_lock\b/.test(sql);

/**
 * True for a failure because of another session's lock: the statement had no effect, and is sent again. MariaDB's purge thread
 * also takes such locks, so the number of failures differs in every run.
 */
export const isRetried = (error: unknown): boolean =>
  [1205, 1213, 1317].includes((error as { errno?: number } | null)?.errno ?? 0);

/** True for a statement that can leave something behind when its session is gone. */
export const leavesTrace = (sql: string): boolean => canChange(sql) && !ofSession.test(sql);

/** Passes every statement that can change something to `around`, in all sessions that the data source opens. */
export function interceptStatements(dataSource: ProtectionFlowsDataSource, around: Around): void {
  aroundStatements(dataSource, (sql, execute, session) =>
    canChange(sql) ? around(sql, execute, session) : execute(),
  );
}
