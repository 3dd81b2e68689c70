import { declaredSchema, migrationList, readHistory, type ProtectionFlowsDataSource } from '../migrator';
import { readCatalog } from '../schema/catalog/read-catalog';
import type { QueryRunner } from 'typeorm';
import { cascadeDeleteCheck } from './checks/cascade-delete';
import { checkConstraintsCheck } from './checks/check-constraints';
import { columnsCheck } from './checks/columns';
import { foreignKeysCheck } from './checks/foreign-keys';
import { historyCheck } from './checks/history';
import { indexesCheck } from './checks/indexes';
import { keyCompatibilityCheck } from './checks/key-compatibility';
import { orphansCheck } from './checks/orphans';
import { restrictCheck } from './checks/restrict';
import { rowCountsCheck } from './checks/row-counts';
import { setNullCheck } from './checks/set-null';
import { tablesCheck } from './checks/tables';
import { errnoOf, messageOf, skip, type Check, type VerifyContext } from './context';
import { checkIds, type CheckResult, type VerifyReport } from './report';
import { verdictOf } from './verdict';

/** Checks that only read. */
const readingChecks: readonly Check[] = [
  historyCheck,
  tablesCheck,
  rowCountsCheck,
  columnsCheck,
  indexesCheck,
  foreignKeysCheck,
  keyCompatibilityCheck,
  orphansCheck,
];

/** Checks that insert and delete, in one transaction that is rolled back. */
const behaviourChecks: readonly Check[] = [
  checkConstraintsCheck,
  cascadeDeleteCheck,
  setNullCheck,
  restrictCheck,
];

/** Options of {@link verify}. */
export interface VerifyOptions {
  /** True to call a database with deferred keys not ok. */
  readonly strict?: boolean;
}

/** A check that the server does not let run is a skip, with the server's reason; a lost connection ends verify. */
async function runCheck(check: Check, context: VerifyContext): Promise<CheckResult> {
  try {
    return { id: check.id, ...(await check.run(context)) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    return { id: check.id, ...skip(`could not run: ${messageOf(error)} (errno ${errno})`) };
  }
}

/** Runs the behaviour checks in one transaction of DML only, rolled back whatever happens. */
async function behaviour(runner: QueryRunner, context: VerifyContext): Promise<CheckResult[]> {
  await runner.query('START TRANSACTION');
  try {
    const results: CheckResult[] = [];
    for (const check of behaviourChecks) results.push(await runCheck(check, context));
    return results;
  } finally {
    // Where the connection is gone, the server has rolled back by itself.
    await runner.query('ROLLBACK').catch(() => undefined);
  }
}

/**
 * Proves on the live server that everything declared exists and behaves: reads the catalog and the rows, then
 * inserts, deletes and looks in one transaction that is rolled back. Leaves nothing behind.
 *
 * @throws ProtectionFlowsError CONNECTION_LOST; whatever else stands in a check's way is reported as `skip`
 */
export async function verify(
  dataSource: ProtectionFlowsDataSource,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const runner = dataSource.createQueryRunner('master');
  try {
    const { server, database } = dataSource;
    const parents = [...declaredSchema.values()].flatMap((table) =>
      table.foreignKeys.map((key) => key.parentTable),
    );
    const context: VerifyContext = {
      session: runner,
      server,
      database,
      declared: declaredSchema,
      live: await readCatalog(runner, server, [...new Set([...declaredSchema.keys(), ...parents])]),
      history: await readHistory(runner),
      known: migrationList.map((migration) => migration.name),
    };
    const results: CheckResult[] = [];
    for (const check of readingChecks) results.push(await runCheck(check, context));
    results.push(...(await behaviour(runner, context)));
    const checks = results.sort((one, other) => checkIds.indexOf(one.id) - checkIds.indexOf(other.id));
    const verdict = verdictOf(context, checks);
    const anyDeferred = checks.some((check) => check.status === 'deferred');
    return {
      ok: verdict === 'proven' && !(options.strict && anyDeferred),
      verdict,
      server,
      database,
      checks,
    };
  } finally {
    await runner.release();
  }
}
