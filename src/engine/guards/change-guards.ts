import { declareArguments, options as optionsOf } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { readAccess, type Access } from '../preflight/access/read-access';
import type { Finding } from '../preflight';
import type { Guards } from '../subject/parts';
import { select, type Queryable } from '../server/queryable';
import { withSession, type Database, guarded } from '../session/database';
import { withMigrationSession, type SessionOptions, sessionReaders } from '../session/migration-session';
import { whereOf, type Where } from '../server/server';
import { findingsBefore, findingsOf, privilegeFindings } from './findings';
import {
  asSeenBy,
  guardResultOf,
  guardsStateOf,
  readGuardParts,
  type GuardPart,
  type GuardResult,
  type GuardsState,
} from './read-guards';

/** The guards of a database, and what this run changed. */
export interface GuardsResult extends Where {
  /** True when the guards are installed; after a removal, when they are absent. */
  readonly ok: boolean;
  readonly state: GuardsState;
  readonly parts: readonly GuardResult[];
  /** Names of the objects that this run created or dropped, in order. */
  readonly changed: readonly string[];
  /** The faults that stop the change. */
  readonly findings: readonly Finding[];
}

const assertRead = declareArguments('readGuards', { dataSource: guarded });
const changing = { dataSource: guarded, options: optionsOf(sessionReaders) };
const assertInstall = declareArguments('installGuards', changing);
const assertRemove = declareArguments('removeGuards', changing);

function guardsOf({ subject }: Database): Guards {
  if (subject.guards !== undefined) return subject.guards;
  throw new ProtectionFlowsError('OPTION_REFUSED', {
    message: `${subject.package} declares no guards`,
    remedy: 'Give its subject guards, or leave them out of what you ask for.',
    details: { option: 'guards' },
  });
}

/** Reads the guards' objects as the session's user sees them. */
async function read(session: Queryable, database: Database, access: Access): Promise<GuardPart[]> {
  return asSeenBy(access, await readGuardParts(session, database, guardsOf(database)));
}

const resultOf = (
  database: Database,
  parts: readonly GuardPart[],
  more: Pick<GuardsResult, 'changed' | 'findings'> & { readonly wanted: GuardsState },
): GuardsResult => {
  const state = guardsStateOf(parts);
  const { wanted, changed, findings } = more;
  return {
    ok: state === wanted && findings.length === 0,
    ...whereOf(database),
    state,
    parts: parts.map(guardResultOf),
    changed,
    findings,
  };
};

/**
 * Reads which of the guards' objects exist. Changes nothing.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; OPTION_REFUSED where the subject declares none
 */
export async function readGuards(dataSource: Database): Promise<GuardsResult> {
  assertRead({ dataSource });
  return withSession(dataSource, async (session) => {
    const parts = await read(session, dataSource, await readAccess(session, dataSource.server));
    return resultOf(dataSource, parts, { wanted: 'installed', changed: [], findings: [] });
  });
}

const keptOtherwise = ({ kind, name }: GuardPart): ProtectionFlowsError =>
  new ProtectionFlowsError('INTERNAL', {
    message: `the server shows the ${kind} ${name} otherwise than it was made`,
    remedy: 'Take the guards off again (guard remove), and report it with the version of the server.',
  });

/** Creates or drops the guards' objects one by one, under the migration lock. After a run that died, the next does the rest. */
async function change(
  database: Database,
  options: SessionOptions,
  wanted: 'installed' | 'absent',
): Promise<GuardsResult> {
  const guards = guardsOf(database);
  const wishes = { copyLimitRows: 0, discardRows: false };
  return withMigrationSession(database, options, wishes, async ({ session, context }) => {
    const access = await readAccess(session, database.server);
    // CURRENT_USER() has the form of the definers in the catalog
    const [me] = await select<{ account: string }>(session, 'SELECT CURRENT_USER() AS account');
    const isInstall = wanted === 'installed';
    // A trigger of another account is created again for this one: the other may be deleted, or lose its privileges
    const isDone = ({ status, definer }: GuardPart): boolean =>
      isInstall ? status === 'present' && (definer ?? me?.account) === me?.account : status === 'absent';
    const changed = new Set<string>();
    const made = new Set<string>();
    let parts = await read(session, database, access);
    const result = (findings: readonly Finding[]): GuardsResult =>
      resultOf(database, parts, { wanted, changed: [...changed], findings });
    const left = (): GuardPart[] => parts.filter((part) => !isDone(part));
    if (left().length > 0) {
      const findings = isInstall
        ? await findingsBefore(session, database, guards, access)
        : privilegeFindings(guards, access, false);
      if (findings.length > 0) return result(findings);
    }
    for (let [next] = isInstall ? left() : left().reverse(); next !== undefined;) {
      const isMade = isInstall && next.status === 'absent';
      if (isMade && made.has(next.name)) throw keptOtherwise(next);
      if (isMade) made.add(next.name);
      context.onStep?.(null, `${isMade ? 'make' : 'take off'} ${next.kind} ${next.table}.${next.name}`);
      try {
        await context.execute(isMade ? next.create : next.drop);
      } catch (error) {
        const findings = await findingsOf(error, session, database, guards, access);
        if (findings === null) throw error;
        parts = await read(session, database, access);
        return result(findings);
      }
      changed.add(next.name);
      parts = await read(session, database, access);
      [next] = isInstall ? left() : left().reverse();
    }
    return result([]);
  });
}

/**
 * Installs the subject's guards: keeps the objects that are as declared, and creates the others. Writers wait for moments
 * only, as with migrate. Executes nothing where a check before the first statement has findings.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; OPTION_REFUSED where the subject declares none;
 * MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST
 */
export async function installGuards(
  dataSource: Database,
  options: SessionOptions = {},
): Promise<GuardsResult> {
  assertInstall({ dataSource, options });
  return change(dataSource, options, 'installed');
}

/**
 * Removes the guards; does nothing where there are none.
 *
 * @throws ProtectionFlowsError as {@link installGuards}
 */
export async function removeGuards(
  dataSource: Database,
  options: SessionOptions = {},
): Promise<GuardsResult> {
  assertRemove({ dataSource, options });
  return change(dataSource, options, 'absent');
}
