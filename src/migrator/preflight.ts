import type { QueryRunner } from 'typeorm';
import { declareArguments, options as optionsOf } from '../arguments';
import { isProtectionFlowsError } from '../errors';
import { migrationList } from '../migrations';
import {
  isInTheWay,
  preflight,
  readFacts,
  type Facts,
  type HistoryFact,
  type LockFact,
  type Wishes,
} from '../preflight';
import { catalogRows } from '../schema/catalog/catalog-rows';
import { tableExists } from '../schema/catalog/table-exists';
import { guarded, wishReaders } from './arguments';
import type { ProtectionFlowsDataSource } from './guarded-data-source';
import { historyTable, readHistory, type HistoryEntry } from './history';
import { leaseTable } from './locking/lease-table';
import { readNode, type Node } from './locking/node';
import { whereOf, type PreflightResult } from './results';
import { wishesOf, type WishOptions } from './wishes';
import { withRunner } from './with-runner';

/** Null where there is no history, `denied` where there is one that this user may not read. */
async function readHistoryIfAllowed(runner: QueryRunner): Promise<HistoryEntry[] | null | 'denied'> {
  try {
    return await readHistory(runner);
  } catch (error) {
    if (isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) return 'denied';
    throw error;
  }
}

/** True for a history of this package's own making; TypeORM's lacks a column. */
async function hasOwnColumns(runner: QueryRunner): Promise<boolean> {
  const rows = await catalogRows(
    runner,
    `SELECT 1 AS found FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_NAME = 'uq_flow_migrations_name'`,
    [historyTable],
  );
  return rows.length > 0;
}

async function readHistoryFact(runner: QueryRunner): Promise<HistoryFact> {
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
    isComplete: history === null || isDone || (await hasOwnColumns(runner)),
    reverting: entries.filter((entry) => entry.reverting).map((entry) => entry.name),
  };
}

async function readLockFact(runner: QueryRunner, { isClustered }: Node): Promise<LockFact> {
  const exists = isClustered && (await tableExists(runner, leaseTable));
  return { name: leaseTable, isNeeded: isClustered, exists };
}

/** Everything that preflight's rules look at, on that runner's session; its server is asked who it is unless that is known. */
export async function factsOf(
  dataSource: ProtectionFlowsDataSource,
  runner: QueryRunner,
  wishes: Wishes,
  node?: Node,
): Promise<Facts> {
  const tables = {
    historyTable: await readHistoryFact(runner),
    lockTable: await readLockFact(runner, node ?? (await readNode(runner))),
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
