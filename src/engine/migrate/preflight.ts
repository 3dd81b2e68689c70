import { declareArguments, options as optionsOf } from '../../arguments';
import { fromServerError, whereDenied } from '../../errors';
import { ownTablesOf } from '../subject/subject';
import { type Queryable, tableExists } from '../server/queryable';
import { withSession, type Database, guarded } from '../session/database';
import {
  isInTheWay,
  preflight,
  readFacts,
  type Facts,
  type HistoryFact,
  type LockFact,
  type OwnFacts,
  type Wishes,
} from '../preflight';
import { serverSettingUnsafe } from '../preflight/rules/server';
import { readCatalog } from '../schema/catalog/read-catalog';
import { readServerSettings } from '../server/server-settings';
import { historyId, historyTableFaults, readHistory } from '../history/history';
import type { Server } from '../server/server';
import { named } from '../schema/shape';
import { readNode, type Node } from '../server/node';
import { whereOf, type PreflightResult } from './results';
import { wishesOf, wishReaders, type WishOptions } from './wishes';
import { answerLimitMs } from '../waiting/watchdog';

/** True for a history table with this release's columns. A table of TypeORM's, or of an older release, is altered. */
async function isAsDeclared(session: Queryable, server: Server, name: string): Promise<boolean> {
  const table = (await readCatalog(session, server, [name])).get(name);
  if (table === undefined || historyTableFaults(table).length > 0) return false;
  return named(table.columns, 'id')?.type === historyId.unsigned.type;
}

async function readHistoryFact(
  session: Queryable,
  { server, subject }: Pick<Database, 'server' | 'subject'>,
): Promise<HistoryFact> {
  const table = ownTablesOf(subject).history;
  const history = await readHistory(session, table).catch(whereDenied('denied'));
  const entries = history === 'denied' ? [] : (history ?? []);
  const names = entries.filter((entry) => !entry.reverting).map((entry) => entry.name);
  const isDone = subject.migrations.every(({ name }) => names.includes(name));
  return {
    name: table,
    exists: history !== null,
    isReadable: history !== 'denied',
    names,
    ids: new Map(entries.map(({ name, id }) => [name, id])),
    isComplete: history === null || isDone || (await isAsDeclared(session, server, table)),
    reverting: entries.filter((entry) => entry.reverting).map((entry) => entry.name),
  };
}

/** Why the server refuses a second connection; null where it gives one, or failed for another reason. */
async function refusalOfSecond(database: Database): Promise<LockFact['refusal']> {
  const connection = database.openConnection({ answerLimitMs });
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
 * Reads all facts for preflight's rules. A running migrate passes its `node`, and notices a refused second connection by
 * itself; without `node`, this function tries one.
 */
export async function factsOf(
  database: Database,
  session: Queryable,
  wishes: Wishes,
  node?: Node,
): Promise<Facts> {
  const { server, subject } = database;
  const { lock } = ownTablesOf(subject);
  const historyTable = await readHistoryFact(session, database);
  const { isClustered } = node ?? (await readNode(session));
  const refusal = node === undefined ? await refusalOfSecond(database) : null;
  const exists = isClustered && (await tableExists(session, lock));
  const lockTable = { name: lock, isNeeded: isClustered, exists, refusal };
  const own: OwnFacts = { words: subject, planOf: 'migrate', historyTable, lockTable };
  return readFacts(session, server, subject.migrations, own, wishes, subject.questions);
}

const assertPreflight = declareArguments('runPreflight', {
  dataSource: guarded,
  options: optionsOf(wishReaders),
});

/**
 * Finds everything that stops the next migrate, everything that it will repair or defer, and server settings with which
 * acknowledged rows may be lost. Executes only SELECT and SHOW, and opens a second connection to try it (`DO 0`). A user who
 * may not read everything gets the findings that the server allows.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; CONNECTION_LOST, QUERY_FAILED
 */
export async function runPreflight(
  dataSource: Database,
  options: WishOptions = {},
): Promise<PreflightResult> {
  assertPreflight({ dataSource, options });
  return withSession(dataSource, async (session) => {
    const found = preflight(await factsOf(dataSource, session, wishesOf(dataSource.subject, options)));
    const { unsafe } = await readServerSettings(session, dataSource.server);
    const findings = [...found, ...serverSettingUnsafe(unsafe)];
    return { ok: !findings.some(isInTheWay), ...whereOf(dataSource), findings };
  });
}
