import type { QueryRunner } from 'typeorm';
import { declareArguments, options as optionsOf } from '../../arguments';
import { fromServerError, isProtectionFlowsError } from '../../errors';
import { migrationList } from '../../migrations';
import {
  isInTheWay,
  preflight,
  readFacts,
  type Facts,
  type HistoryFact,
  type LockFact,
  type Wishes,
} from '../preflight';
import { readCatalog } from '../schema/catalog/read-catalog';
import { tableExists } from '../server/catalog-rows';
import { guarded, wishReaders } from './arguments';
import { historyId, historyTable, historyTableFaults } from '../history/history-table';
import type { Server } from '../server/server';
import { named } from '../schema/shape';
import type { MysqlOptions, ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { readHistory, type HistoryEntry } from '../history/history';
import { leaseTable } from '../session/lease-table';
import { readNode, type Node } from '../session/node';
import { openConnection } from '../session/open-connection';
import { whereOf, type PreflightResult } from './results';
import { wishesOf, type WishOptions } from './wishes';
import { answerLimitMs } from '../session/watchdog';
import { withRunner } from '../session/with-runner';

/** Null where there is no history, `denied` where there is one that this user may not read. */
async function readHistoryIfAllowed(runner: QueryRunner): Promise<HistoryEntry[] | null | 'denied'> {
  try {
    return await readHistory(runner);
  } catch (error) {
    if (isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) return 'denied';
    throw error;
  }
}

/** True for a history of this release's making: TypeORM's, and an older release's, are changed. */
async function isAsDeclared(runner: QueryRunner, server: Server): Promise<boolean> {
  const table = (await readCatalog(runner, server, [historyTable])).get(historyTable);
  if (table === undefined || historyTableFaults(table).length > 0) return false;
  return named(table.columns, 'id')?.type === historyId.unsigned.type;
}

async function readHistoryFact(runner: QueryRunner, server: Server): Promise<HistoryFact> {
  const history = await readHistoryIfAllowed(runner);
  const entries = history === null || history === 'denied' ? [] : history;
  const names = entries.filter((entry) => !entry.reverting).map((entry) => entry.name);
  const isDone = migrationList.every(({ name }) => names.includes(name));
  return {
    name: historyTable,
    exists: history !== null,
    isReadable: history !== 'denied',
    names,
    ids: new Map(entries.map(({ name, id }) => [name, id])),
    isComplete: history === null || isDone || (await isAsDeclared(runner, server)),
    reverting: entries.filter((entry) => entry.reverting).map((entry) => entry.name),
  };
}

async function readLockFact(
  runner: QueryRunner,
  { isClustered }: Node,
  refusal: LockFact['refusal'],
): Promise<LockFact> {
  const exists = isClustered && (await tableExists(runner, leaseTable));
  return { name: leaseTable, isNeeded: isClustered, exists, refusal };
}

/** Why the server gives no connection besides the session's; null where it does, or where nobody can tell. */
async function refusalOfSecond({ options }: ProtectionFlowsDataSource): Promise<LockFact['refusal']> {
  const connection = openConnection(options as MysqlOptions, { answerLimitMs });
  try {
    await connection.query('DO 0');
    return null;
  } catch (error) {
    return fromServerError(error);
  } finally {
    await connection.end();
  }
}

/**
 * Everything that preflight's rules look at, on that runner's session. A migrate that is under way knows its server, and
 * sees for itself whether it gets the connections that it needs; others find out here.
 */
export async function factsOf(
  dataSource: ProtectionFlowsDataSource,
  runner: QueryRunner,
  wishes: Wishes,
  node?: Node,
): Promise<Facts> {
  const tables = {
    historyTable: await readHistoryFact(runner, dataSource.server),
    lockTable: await (node === undefined
      ? readLockFact(runner, await readNode(runner), await refusalOfSecond(dataSource))
      : readLockFact(runner, node, null)),
  };
  return readFacts(runner, dataSource.server, migrationList, tables, wishes);
}

const assertPreflight = declareArguments('runPreflight', {
  dataSource: guarded,
  options: optionsOf(wishReaders),
});

/**
 * Looks for everything that stands in the way of the next migrate, that it will put right by itself or put off.
 * Executes nothing but SELECT and SHOW; a user who may not read everything gets what the server tells.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; CONNECTION_LOST, QUERY_FAILED
 */
export async function runPreflight(
  dataSource: ProtectionFlowsDataSource,
  options: WishOptions = {},
): Promise<PreflightResult> {
  assertPreflight({ dataSource, options });
  return withRunner(dataSource, async (runner) => {
    const findings = preflight(await factsOf(dataSource, runner, wishesOf(options)));
    return { ok: !findings.some(isInTheWay), ...whereOf(dataSource), findings };
  });
}
