import { ProtectionFlowsError } from '../../errors';
import type { Blocker, Holders } from './holders';

/** How many blockers a message names; it counts the rest. */
const shown = 3;

function describe({ connectionId, user, host, command, seconds, ...blocker }: Blocker): string {
  const about = [
    ...(user === null ? [] : [host === null ? user : `${user}@${host}`]),
    ...(blocker.transactionSeconds === null ? [] : [`transaction open for ${blocker.transactionSeconds} s`]),
    ...(blocker.lockTables ? ['LOCK TABLES'] : []),
    ...(command === null ? [] : [command === 'Sleep' ? 'now idle' : `now busy for ${seconds ?? 0} s`]),
  ];
  return `connection ${connectionId}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}

function list(blockers: readonly Blocker[]): string {
  const names = blockers.slice(0, shown).map(describe);
  const rest = blockers.length - names.length;
  return `${names.join('; ')}${rest === 0 ? '' : `; and ${rest} more`}`;
}

/** The holders in words: `connection 17 (app@10.0.0.5, transaction open for 43 s, now idle)`. */
function who({ blockers, from, user }: Holders): string {
  if (from === 'nothing') return `a connection that ${user} may not see`;
  if (blockers.length > 0)
    return `${from === 'transactions' && blockers.length > 1 ? 'one of ' : ''}${list(blockers)}`;
  return from === 'locks'
    ? 'another connection'
    : 'a connection that has no open transaction (LOCK TABLES, a backup)';
}

const isLikely = ({ blockers, from }: Holders): boolean => from === 'transactions' && blockers.length > 0;
const tablesOf = ({ tables }: Holders): string => tables.join(' or ') || 'a table';

/** What a statement waits for, as a progress display shows it after `wait for`. Pure. */
export function waitedFor(holders: Holders | null): string {
  if (holders === null) return 'a connection that holds the table';
  if (isLikely(holders)) return `a transaction that holds ${tablesOf(holders)}, probably ${who(holders)}`;
  return `${who(holders)}, which holds ${tablesOf(holders)}`;
}

function remedyOf(holders: Holders | null): string {
  const { blockers = [], from = 'nothing', remedy = null } = holders ?? {};
  const kills = blockers.map(({ connectionId }) => `KILL ${connectionId};`).join(' ');
  const certain = from === 'locks' || remedy === null ? '' : ` To have it named for certain: ${remedy}`;
  if (kills !== '') {
    const which = from === 'locks' ? 'end' : 'once you know that it is the one, end';
    return `Let it end, or ${which} it: ${kills} Then run the command again.${certain}`;
  }
  const named = remedy === null ? '' : ` To have it named: ${remedy}`;
  return `Find it as an administrator (SHOW FULL PROCESSLIST), let it end or KILL it, and run the command again.${named}`;
}

/**
 * The error of a statement that gave up waiting for a table.
 *
 * @param patienceMs how long it waited, in milliseconds, where that is known
 */
export function tableBusy(
  holders: Holders | null,
  { sql, patienceMs, cause }: { sql: string; patienceMs?: number; cause: unknown },
): ProtectionFlowsError {
  const what = holders === null ? 'the table' : tablesOf(holders);
  const long = patienceMs === undefined ? '' : ` for ${patienceMs / 1000} s`;
  const by =
    holders === null
      ? ' by another connection'
      : `${isLikely(holders) ? ', probably' : ''} by ${who(holders)}`;
  return new ProtectionFlowsError('TABLE_BUSY', {
    message: `${what} was held${long}${by}${sql === '' ? '' : `: ${sql.split('\n')[0] ?? ''}`}`,
    remedy: remedyOf(holders),
    details: {
      ...(sql === '' ? {} : { sql }),
      ...(patienceMs === undefined ? {} : { patienceMs }),
      tables: holders?.tables ?? [],
      blockers: holders?.blockers ?? [],
      certain: holders?.from === 'locks',
    },
    cause,
  });
}
