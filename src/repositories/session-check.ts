import type { DataSource, EntityManager } from 'typeorm';
import { declareArguments, that } from '../arguments';
import { markSession, markSessionsOf } from '../driver/own-marks';
import { hasSessionSettings } from '../driver/session-settings';
import { ProtectionFlowsError } from '../errors';

/** True for TypeORM's EntityManager, by what it has: there may be two copies of TypeORM. */
export function isEntityManager(value: unknown): value is EntityManager {
  const { query, connection } = (value ?? {}) as Partial<EntityManager>;
  return typeof query === 'function' && typeof connection === 'object';
}

/** TypeORM's EntityManager. */
export const manager = that<EntityManager>(
  'isEntityManager',
  isEntityManager,
  "must be an EntityManager: a DataSource's manager, or that of a transaction",
);

/** Reads what a repository is made on. */
export const readManager = declareArguments('repository', { manager });

/** Refuses a DataSource that is not connected, yet or any more. Asked where a call has failed: the others are not delayed. */
export const assertInitialized = declareArguments('repository', {
  dataSource: that<DataSource>(
    'isInitialized',
    (value) => (value as DataSource).isInitialized,
    'must be initialized: await initialize() first',
  ),
});

/** 00:00 on 1 January and on 1 July 2000 in UTC: together they tell a zone with summer time from one without. */
const instants = [946_684_800, 962_409_600] as const;

/**
 * Whether the session reads and writes times in UTC, and whether the driver does: what the session takes two texts for,
 * what it takes a Date for, and what it gives for an instant.
 */
const question = `SELECT UNIX_TIMESTAMP('2000-01-01 00:00:00') AS winter, UNIX_TIMESTAMP('2000-07-01 00:00:00') AS summer,
 UNIX_TIMESTAMP(?) AS written, FROM_UNIXTIME(${instants[1]}) AS shown, @@SESSION.time_zone AS zone, @@SESSION.sql_mode AS mode`;

type Answer = Readonly<
  Record<'winter' | 'summer' | 'written', number | string> &
    Record<'zone' | 'mode', string> & { shown: unknown }
>;

/** Modes with which a text of a statement of ours is another text, or a name. */
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

/** Lets the guards of the database know the sessions, as far as they are handed out from here on, and this one. */
async function mark(manager: EntityManager): Promise<void> {
  const { driver } = manager.connection as { driver: { pool?: unknown; poolCluster?: unknown } };
  markSessionsOf(driver.pool);
  markSessionsOf(driver.poolCluster);
  await markSession(manager);
}

async function ask(manager: EntityManager): Promise<void> {
  const [answer] = await manager.query<Answer[]>(question, [new Date(instants[1] * 1000)]);
  if (answer === undefined) return;
  const faults = faultsOf(answer);
  if (faults.length === 0) return mark(manager);
  throw new ProtectionFlowsError('SESSION_UNFIT', {
    message: `the repositories can't work on this DataSource: ${faults.join('; ')}`,
    remedy:
      'Give the DataSource `driver: withSessionSettings(mysql2)`, or the options of `dataSourceOptions(loadConnection())`: docs/migrations.md, "In your application\'s DataSource".',
    details: { faults, timeZone: answer.zone, sqlMode: answer.mode },
  });
}

/** The DataSources that are known to be fit, and the questions that are under way. */
const known = new WeakMap<DataSource, true | Promise<void>>();

/**
 * Refuses a DataSource whose sessions are not in UTC, or not strict: every time would be read, and stored, hours off.
 * Asked once for each DataSource, of one session; one of {@link withSessionSettings} is not asked at all.
 *
 * @returns null where it is known to be fit: there a call costs a look, and no turn of the event loop
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
  const asked = ask(manager).then(
    () => void known.set(dataSource, true),
    (error: unknown) => {
      known.delete(dataSource);
      throw error;
    },
  );
  known.set(dataSource, asked);
  return asked;
}
