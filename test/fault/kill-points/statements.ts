import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { aroundStatements, type Around } from '../../support/around-statements';

const reads = /^[\s(]*(SELECT|SHOW|EXPLAIN|DESCRIBE|WITH)\b/i;
const locks = /\b(GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS)\s*\(|\bFOR UPDATE\b|\bLOCK IN SHARE MODE\b/i;
/** What follows an attempt that was ended with KILL QUERY; as good as a read. */
const afterRetry = 'DO 0';
const ofSession = /^\s*(SET|DO|SELECT|START|BEGIN|ROLLBACK|KILL|USE)\b/i;

/**
 * True for a statement that can change anything: rows, tables, the session's settings, locks. Not named by its verb, so
 * that a kind of statement that comes up later is not left out.
 */
export const canChange = (sql: string): boolean =>
  (!reads.test(sql) || locks.test(sql)) && sql !== afterRetry;

/** True for a statement that takes, keeps or gives back what keeps other runs out. */
export const concernsLock = (sql: string): boolean => locks.test(sql) || /\bsendense_flow_lock\b/.test(sql);

/**
 * True for the failure of an attempt that met somebody's lock: it had no effect, and the same statement is sent again.
 * MariaDB's own purge is such a somebody, so how often it happens differs from run to run.
 */
export const isRetried = (error: unknown): boolean =>
  [1205, 1213, 1317].includes((error as { errno?: number } | null)?.errno ?? 0);

/** True for a statement that can leave something behind when its session is gone. */
export const leavesTrace = (sql: string): boolean => canChange(sql) && !ofSession.test(sql);

/** Lets `around` have every statement that can change something, of all sessions that the data source makes. */
export function interceptStatements(dataSource: ProtectionFlowsDataSource, around: Around): void {
  aroundStatements(dataSource, (sql, execute, session) =>
    canChange(sql) ? around(sql, execute, session) : execute(),
  );
}
