import { type Queryable, marks, select } from '../server/queryable';
import {
  type Blocker,
  type LockedObject,
  type LockList,
  type Wanted,
  openTransactions,
  withoutPort,
} from './holders';

interface LockRow {
  readonly id: number | string;
  readonly user: string | null;
  readonly host: string | null;
  readonly command: string | null;
  readonly seconds: number | string | null;
  readonly transaction: number | string | null;
  readonly type: string;
  readonly name: string | null;
}

/** Locks that every writer has on the whole server or schema, and that stand in nobody's way but a backup's. */
const harmless = [
  'INTENTION_EXCLUSIVE',
  'BACKUP_DML',
  'BACKUP_TRANS_DML',
  'BACKUP_SYS_DML',
  'BACKUP_DDL',
  'BACKUP_ALTER_COPY',
  'BACKUP_COMMIT',
];
/** The locks that stand in a reader's way; DDL needs the table for itself in the end, so to it all do. */
const againstReaders = ['SHARED_NO_READ_WRITE', 'EXCLUSIVE'];
/** The locks that only LOCK TABLES takes for long. */
const ofLockTables = /SHARED_READ_ONLY|SHARED_NO_READ_WRITE/;

const isDdl = (sql: string): boolean => /^\s*(ALTER|CREATE|DROP|RENAME|TRUNCATE)\b/i.test(sql);
const numberOf = (value: number | string | null): number | null => (value === null ? null : Number(value));

/** One blocker for each connection, the longest first, and the objects that they hold. */
function lockList(rows: readonly LockRow[], wanted: readonly LockedObject[], sql: string): LockList {
  const byId = new Map<number, Blocker>();
  const held = new Set<string | null>();
  for (const row of rows) {
    const mode = row.type.replace(/^MDL_/, '');
    if (isDdl(sql) ? harmless.includes(mode) : !againstReaders.includes(mode)) continue;
    const connectionId = Number(row.id);
    held.add(row.name);
    byId.set(connectionId, {
      connectionId,
      user: row.user,
      host: row.host,
      command: row.command,
      seconds: numberOf(row.seconds),
      transactionSeconds: numberOf(row.transaction),
      lockTables: ofLockTables.test(mode) || byId.get(connectionId)?.lockTables === true,
    });
  }
  const age = (blocker: Blocker): number => blocker.transactionSeconds ?? blocker.seconds ?? 0;
  const blockers = [...byId.values()].sort(
    (one, other) => age(other) - age(one) || one.connectionId - other.connectionId,
  );
  return { objects: wanted.filter(({ name }) => blockers.length === 0 || held.has(name)), blockers };
}

/**
 * What performance_schema says. On MySQL it lists the locks by default; on MariaDB only with performance_schema=ON
 * and the instrument wait/lock/metadata/sql/mdl.
 * @see https://dev.mysql.com/doc/refman/8.4/en/performance-schema-metadata-locks-table.html
 */
export async function performanceSchema(
  session: Queryable,
  wanted: Wanted,
  named: readonly LockedObject[],
): Promise<LockList | null> {
  const pending = await select<LockedObject>(
    session,
    `SELECT l.OBJECT_TYPE AS type, l.OBJECT_SCHEMA AS \`schema\`, l.OBJECT_NAME AS name
       FROM performance_schema.metadata_locks l
       JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
      WHERE l.LOCK_STATUS = 'PENDING' AND t.PROCESSLIST_ID = ?`,
    [wanted.waiterId],
  );
  // What it waits for at this moment, such as a table whose key refers to the one that is dropped
  const objects = pending.length > 0 ? pending : named;
  if (objects.length === 0) return null;
  const rows = await select<LockRow>(
    session,
    `SELECT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, t.PROCESSLIST_HOST AS host,
            t.PROCESSLIST_COMMAND AS command, t.PROCESSLIST_TIME AS seconds, l.LOCK_TYPE AS type, l.OBJECT_NAME AS name,
            FLOOR(e.TIMER_WAIT / 1000000000000) AS transaction
       FROM performance_schema.metadata_locks l
       JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
       LEFT JOIN performance_schema.events_transactions_current e
         ON e.THREAD_ID = l.OWNER_THREAD_ID AND e.STATE = 'ACTIVE'
      WHERE l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID NOT IN (CONNECTION_ID(), ?)
        AND (${objects.map(() => '(l.OBJECT_TYPE = ? AND l.OBJECT_SCHEMA <=> ? AND l.OBJECT_NAME <=> ?)').join(' OR ')})`,
    [wanted.waiterId ?? 0, ...objects.flatMap(({ type, schema, name }) => [type, schema, name])],
  );
  const list = lockList(rows, objects, wanted.sql);
  return pending.length === 0 && list.blockers.length === 0 ? null : list;
}

/**
 * What MariaDB's plugin metadata_lock_info says, where it is installed. Any user may read it; the user and host of
 * others' connections take PROCESS (tried on 10.11).
 * @see https://mariadb.com/kb/en/metadata-lock-info-plugin/
 */
export async function lockPlugin(
  session: Queryable,
  wanted: Wanted,
  objects: readonly LockedObject[],
): Promise<LockList | null> {
  if (objects.length === 0) return null;
  const names = objects.map((object) => object.name);
  const rows = await select<LockRow>(
    session,
    `SELECT l.THREAD_ID AS id, p.USER AS user, p.HOST AS host, p.COMMAND AS command, p.TIME AS seconds,
            l.LOCK_MODE AS type, l.TABLE_NAME AS name, NULL AS transaction
       FROM information_schema.METADATA_LOCK_INFO l
       LEFT JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID
      WHERE l.THREAD_ID NOT IN (CONNECTION_ID(), ?) AND l.TABLE_SCHEMA IN (${marks(objects)})
        AND l.TABLE_NAME IN (${marks(names)})`,
    [wanted.waiterId ?? 0, ...objects.map((object) => object.schema), ...names],
  );
  const transactions = await openTransactions(session, wanted).catch(() => []);
  const list = lockList(rows, objects, wanted.sql);
  const blockers = list.blockers.map((blocker) => {
    const open = transactions.find(({ connectionId }) => connectionId === blocker.connectionId);
    return {
      ...blocker,
      host: withoutPort(blocker.host),
      transactionSeconds: open?.transactionSeconds ?? null,
    };
  });
  return { ...list, blockers };
}
