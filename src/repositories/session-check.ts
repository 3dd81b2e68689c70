import type { DataSource, EntityManager } from 'typeorm';
import { declareArguments, that } from '../arguments';
import { markSession, markSessionsOf } from '../driver/own-marks';
import { hasSessionSettings } from '../driver/session-settings';
import { ProtectionFlowsError } from '../errors';

/** True for TypeORM's EntityManager. Checks its properties, not its class: there may be two copies of TypeORM. */
export function isEntityManager(value: unknown): value is EntityManager {
  const { query, connection } = (value ?? {}) as Partial<EntityManager>;
  return typeof query === 'function' && typeof connection === 'object';
}

/** Reads an EntityManager. */
export const manager = that<EntityManager>(
  'isEntityManager',
  isEntityManager,
  "must be an EntityManager: a DataSource's manager, or that of a transaction",
);

/** Reads the argument of a repository's constructor. */
export const readManager = declareArguments('repository', { manager });

/** Refuses a DataSource that is not connected. Called only after a call failed, so that other calls lose no time. */
export const assertInitialized = declareArguments('repository', {
  dataSource: that<DataSource>(
    'isInitialized',
    (value) => (value as DataSource).isInitialized,
    'must be initialized: await initialize() first',
  ),
});

/** 00:00 on 1 January and on 1 July 2000 in UTC: a zone with summer time can't have offset 0 on both days. */
const instants = [946_684_800, 962_409_600] as const;

/**
 * Tests whether session and driver use UTC: how the session reads two texts and a Date, and which Date the driver returns
 * for an instant.
 */
const checkSql = `SELECT UNIX_TIMESTAMP('2000-01-01 00:00:00') AS winter, UNIX_TIMESTAMP('2000-07-01 00:00:00') AS summer,
 UNIX_TIMESTAMP(?) AS written, FROM_UNIXTIME(${instants[1]}) AS shown, @@SESSION.time_zone AS zone, @@SESSION.sql_mode AS mode`;

type Answer = Readonly<
  Record<'winter' | 'summer' | 'written', number | string> &
    Record<'zone' | 'mode', string> & { shown: unknown }
>;

/** SQL modes that change the meaning of text literals in our statements. */
const hostileModes = ['NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'PIPES_AS_CONCAT'];
const strictModes = ['STRICT_TRANS_TABLES', 'STRICT_ALL_TABLES'];

function faultsOf({ winter, summer, written, shown, zone, mode }: Answer): string[] {
  const modes = mode.split(',');
  const hostile = hostileModes.filter((name) => modes.includes(name));
  const isUtc = Number(winter) === instants[0] && Number(summer) === instants[1];
  const isRead = shown instanceof Date && shown.getTime() === instants[1] * 1000;
  return [
    ...(isUtc ? [] : [`the time zone of its sessions is ${zone}, not UTC`]),
    ...(isUtc && !(isRead && Number(written) === instants[1])
      ? ['its driver converts dates to or from another time zone than UTC']
      : []),
    ...(hostile.length === 0 ? [] : [`sql_mode has ${hostile.join(', ')}`]),
    ...(strictModes.some((name) => modes.includes(name)) ? [] : ['sql_mode is not strict']),
  ];
}

/** Marks this session, and every session that the pools hand out from now on, for the guards in the database. */
async function mark(manager: EntityManager): Promise<void> {
  const { driver } = manager.connection as { driver: { pool?: unknown; poolCluster?: unknown } };
  markSessionsOf(driver.pool);
  markSessionsOf(driver.poolCluster);
  await markSession(manager);
}

async function checkNow(manager: EntityManager): Promise<void> {
  const [answer] = await manager.query<[Answer]>(checkSql, [new Date(instants[1] * 1000)]);
  const faults = faultsOf(answer);
  if (faults.length === 0) return mark(manager);
  throw new ProtectionFlowsError('SESSION_UNFIT', {
    message: `the repositories can't work on this DataSource: ${faults.join('; ')}`,
    remedy:
      'Give the DataSource `driver: withSessionSettings(mysql2)`, or the options of `dataSourceOptions(loadConnection())`: docs/migrations.md, "In your application\'s DataSource".',
    details: { faults, timeZone: answer.zone, sqlMode: answer.mode },
  });
}

/** DataSource → true if it is fit, or the check that is under way. */
const known = new WeakMap<DataSource, true | Promise<void>>();

/**
 * Refuses a DataSource whose sessions are not in UTC (all times would be hours off), not strict, or in a hostile SQL mode.
 * Checks each DataSource once, on one session. Does not check a DataSource with {@link withSessionSettings}.
 *
 * @returns null if the DataSource is known to be fit, so that a call does not wait for a turn of the event loop
 * @throws ProtectionFlowsError SESSION_UNFIT
 */
export function checkSession(manager: EntityManager): Promise<void> | null {
  const { connection: dataSource } = manager;
  const state = known.get(dataSource);
  if (state === true) return null;
  if (state !== undefined) return state;
  if (hasSessionSettings((dataSource.options as { driver?: unknown }).driver)) {
    known.set(dataSource, true);
    return null;
  }
  const checking = checkNow(manager).then(
    () => void known.set(dataSource, true),
    (error: unknown) => {
      known.delete(dataSource);
      throw error;
    },
  );
  known.set(dataSource, checking);
  return checking;
}
