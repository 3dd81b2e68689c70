import { declareArguments, flag, optional, options as optionsOf } from '../../arguments';
import { isProtectionFlowsError } from '../../errors';
import { withSession, type Database, guarded } from '../session/database';
import { busy } from '../waiting/lock-wait';
import { errnoOf, insideTransaction, select, withSessionSettings, type Queryable } from '../server/queryable';
import { whereOf } from '../server/server';
import { cascadeDeleteCheck, restrictCheck, setNullCheck } from './checks/delete-rules';
import { checkConstraintsCheck } from './checks/check-constraints';
import {
  columnsCheck,
  foreignKeysCheck,
  tablesCheck,
  keyCompatibilityCheck,
} from './checks/declared-objects';
import { guardsCheck } from './checks/guards';
import { historyCheck } from './checks/history';
import { indexesCheck } from './checks/indexes';
import { orphansCheck, rowCountsCheck, serverSettingsCheck } from './checks/rows';
import { checkOf, verdictOf, type Check, type VerifyContext } from './context';
import { messageOf } from '../probe/answers';
import { readContext } from './read-context';
import {
  checkIds,
  skip,
  type CheckId,
  type CheckOutcome,
  type CheckResult,
  type VerifyReport,
} from './report';

/** Checks that only read. */
const readingChecks: readonly Check[] = [
  historyCheck,
  tablesCheck,
  rowCountsCheck,
  columnsCheck,
  foreignKeysCheck,
  keyCompatibilityCheck,
  orphansCheck,
  serverSettingsCheck,
];

/** Checks that insert and delete, in one transaction that is rolled back. */
const behaviourChecks: readonly Check[] = [
  indexesCheck,
  checkConstraintsCheck,
  cascadeDeleteCheck,
  setNullCheck,
  restrictCheck,
  guardsCheck,
];

/** Options of {@link verify}. */
export interface VerifyOptions {
  /** True to answer `ok: false` where a key is deferred. */
  readonly strict?: boolean | undefined;
}

const assertVerify = declareArguments('verify', {
  dataSource: guarded,
  options: optionsOf({ strict: optional(flag) }),
});

/** A check's result before its remedy is worded. */
type Outcome = CheckOutcome & { readonly id: CheckId };

/** Runs a check. An error of the server makes it a skip with the server's reason; a lost connection ends verify. */
async function runCheck(check: Check, context: VerifyContext): Promise<Outcome> {
  try {
    return { id: check.id, ...(await check.run(context)) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null || isProtectionFlowsError(error, 'CONNECTION_LOST')) throw error;
    return { id: check.id, ...skip(`could not run: ${messageOf(error)} (errno ${errno})`) };
  }
}

/** Settings of verify's session, whatever the application left there: seconds to wait for locks, and keys checked. */
const ownSettings = { lock_wait_timeout: 3, innodb_lock_wait_timeout: 3, foreign_key_checks: 1 };

/** ER_WARNING_NOT_COMPLETE_ROLLBACK. */
const notTakenBack = 1196;

/**
 * Rolls back what a check did. Null on success, else why no other check may write. `ended`: the server has ended the
 * transaction, and the savepoint with it. `stays`: the server warns that rows stay, as a trigger that this user may not see
 * writes to a table without transactions.
 */
async function takeBack(session: Queryable): Promise<'ended' | 'stays' | null> {
  try {
    const answer = (await session.query('ROLLBACK TO SAVEPOINT verify_check')) as { warningStatus?: number };
    if (!answer.warningStatus) return null;
    const warnings = await select<{ Code: number | string }>(session, 'SHOW WARNINGS');
    return warnings.some(({ Code }) => Number(Code) === notTakenBack) ? 'stays' : null;
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    return 'ended';
  }
}

/** The result of a check that left rows behind. It replaces what the check found. */
const leftBehind = ({ id, evidence }: Outcome): Outcome => ({
  id,
  ...skip(
    `rows of this check stayed (the server's warning ${notTakenBack}): a trigger that this user may not see writes to a table without transactions`,
    evidence,
    '-- Look for the triggers with a user who has the TRIGGER privilege: SHOW TRIGGERS; the rows contain verify-…',
  ),
});

/**
 * Runs the behaviour checks in one transaction of DML only, which is always rolled back. With autocommit off nothing stays
 * even where the server ends the transaction itself, as in a deadlock; the checks after that do not run.
 */
async function behaviour(session: Queryable, outside: VerifyContext): Promise<Outcome[]> {
  const inside = insideTransaction(session);
  const context = { ...outside, session: inside, effects: outside.effects.seenBy(inside) };
  await session.query('SET SESSION autocommit = 0');
  try {
    // With autocommit off, this begins the transaction
    await session.query('SAVEPOINT verify_check');
    const results: Outcome[] = [];
    let why: string | null = null;
    for (const check of behaviourChecks) {
      if (check === guardsCheck && context.guards === null) continue;
      if (why !== null) {
        results.push({ id: check.id, ...skip(`not run: ${why}`) });
        continue;
      }
      const result = await runCheck(check, context);
      const state = await takeBack(session);
      results.push(state === 'stays' ? leftBehind(result) : result);
      if (state === 'ended') why = `the server ended the transaction in the check ${check.id}`;
      if (state === 'stays') why = `rows of the check ${check.id} stayed`;
    }
    return results;
  } finally {
    // Where the connection is gone, the server has rolled back by itself.
    await session.query('ROLLBACK').catch(() => undefined);
    await session.query('SET SESSION autocommit = 1').catch(() => undefined);
  }
}

/* eslint-disable @typescript-eslint/no-require-imports -- loads adopt and migrate only where something is wrong: loading takes most of the time of a verify that proves */
const loadRemedies = (): typeof import('./read-remedies') =>
  require('./read-remedies') as typeof import('./read-remedies');
/* eslint-enable @typescript-eslint/no-require-imports */

/** The results with their remedies in words. */
async function worded(
  context: VerifyContext,
  { subject }: Database,
  outcomes: readonly Outcome[],
): Promise<CheckResult[]> {
  const isAsked = outcomes.some(({ remedy }) => typeof remedy === 'function');
  const remedies = isAsked ? await loadRemedies().readRemedies(context, subject) : null;
  return outcomes.map(({ remedy, ...outcome }) => ({
    ...outcome,
    remedy: typeof remedy !== 'function' ? remedy : remedies && remedy(remedies),
  }));
}

/**
 * Proves on the live server that everything declared exists and behaves: reads the catalog and the rows, then inserts,
 * deletes and reads in one transaction that is rolled back. Leaves nothing behind. Waits 3 seconds at most for each lock.
 * What keeps a check from running makes it a `skip`.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; CONNECTION_LOST; TABLE_BUSY where the history itself
 * is locked; PRIVILEGE_MISSING where this user may not see a table, or a part of it
 */
export async function verify(dataSource: Database, options: VerifyOptions = {}): Promise<VerifyReport> {
  assertVerify({ dataSource, options });
  const where = whereOf(dataSource);
  return withSession(dataSource, (session) =>
    withSessionSettings(session, ownSettings, async () => {
      const context = await readContext(dataSource, session, (pending) =>
        loadRemedies().findWhetherMigrateMends(dataSource, session, pending),
      );
      const outcomes: Outcome[] = [];
      for (const check of readingChecks) outcomes.push(await runCheck(check, context));
      const own = (dataSource.subject.checks ?? []).map(({ id, run }) =>
        checkOf('rows', id, () => run(session)),
      );
      for (const check of own) outcomes.push(await runCheck(check, context));
      outcomes.push(...(await behaviour(session, context)));
      const order: readonly string[] = [...checkIds, ...own.map(({ id }) => id)];
      outcomes.sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id));
      const checks = await worded(context, dataSource, outcomes);
      const verdict = verdictOf(context, checks);
      const anyDeferred = checks.some((check) => check.status === 'deferred');
      const ok = verdict === 'proven' && !(options.strict && anyDeferred);
      return { ok, verdict, ...where, checks };
    }).catch((error: unknown) => {
      throw busy(error);
    }),
  );
}
